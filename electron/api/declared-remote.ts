/**
 * Hosts that count as remote although they are this machine's own: a name or address each in
 * `CHATTERMARK_REMOTE_HOSTS`, with commas between them. For a tunnel that ends on this machine and leads to a real
 * server, and for proving that nothing is sent without consent.
 */
export function declaredRemote(
  env: Readonly<Record<string, string | undefined>> = process.env
): readonly string[] {
  return (env.CHATTERMARK_REMOTE_HOSTS ?? '')
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
}
