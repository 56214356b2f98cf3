/** From this share of sends on it is no accident. */
const SHARE = 0.1

/**
 * Whether contents waited for room in the peer's receive window so often that it belongs to the peer.
 * @param waits of them, warm-up included
 * @param sent measured sends
 */
export function awaitsReceiver(waits: number, sent: number): boolean {
  return waits > 0 && waits >= SHARE * sent
}
