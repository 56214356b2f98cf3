/** Bits of the code of every byte and, last, of the end of string (RFC 7541, appendix B). */
const CODE_BITS: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30
]
const END_OF_STRING = 256
/** What fills the last byte is shorter than a byte (RFC 7541, section 5.2). */
const MAX_PADDING_BITS = 7

/** Bit of a step that gives a byte, which stands in bits 8 to 15; the state after the step stands in bits 0 to 7. */
const GIVES_BYTE = 1 << 16
const NO_STEP = -1

/**
 * A machine that reads four bits at a step. The code is canonical: among codes of the same length the order is that of
 * the bytes, so that the lengths alone tell them all. No code is shorter than five bits: a step gives one byte at most.
 */
interface Machine {
  /** The step from state `n` with bits `b`, at `16 * n + b`. */
  readonly steps: Int32Array
  /** Whether a string may end in a state: what was read of the next code is padding. */
  readonly mayEnd: Uint8Array
}

let machine: Machine | null = null

/**
 * Decodes a Huffman string (RFC 7541, section 5.2) into `target`, which has room for 8/5 of its bytes.
 * @returns bytes written; -1 when the string is no such code, is padded with more than 7 bits, or not with ones
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, target: Uint8Array): number {
  machine ??= buildMachine()
  const { steps, mayEnd } = machine
  let state = 0
  let written = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = steps[(state << 4) | ((byte >> shift) & 15)]!
      if (step === NO_STEP) return -1
      if ((step & GIVES_BYTE) !== 0) target[written++] = step >> 8
      state = step & 255
    }
  }
  return mayEnd[state] === 1 ? written : -1
}

function buildMachine(): Machine {
  const children = buildTree()
  const states = children.length / 2
  const steps = new Int32Array(states * 16)
  for (let state = 0; state < states; state++) {
    for (let bits = 0; bits < 16; bits++) steps[state * 16 + bits] = stepOf(children, state, bits)
  }
  const mayEnd = new Uint8Array(states)
  for (let depth = 0, node = 0; depth <= MAX_PADDING_BITS; depth++) {
    mayEnd[node] = 1
    node = children[node * 2 + 1]!
  }
  return { steps, mayEnd }
}

/** Children of node `n` at `2n` and `2n + 1`: another node, or a symbol `s` as `-1 - s`. */
function buildTree(): number[] {
  const children = [0, 0]
  let code = 0
  let bits = 0
  for (const symbol of [...CODE_BITS.keys()].sort(byCode)) {
    code <<= CODE_BITS[symbol]! - bits
    bits = CODE_BITS[symbol]!
    let node = 0
    for (let bit = bits - 1; bit > 0; bit--) {
      const side = node * 2 + ((code >> bit) & 1)
      if (children[side] === 0) {
        children[side] = children.length / 2
        children.push(0, 0)
      }
      node = children[side]!
    }
    children[node * 2 + (code & 1)] = -1 - symbol
    code++
  }
  return children
}

function byCode(a: number, b: number): number {
  return CODE_BITS[a]! - CODE_BITS[b]! || a - b
}

function stepOf(children: readonly number[], from: number, bits: number): number {
  let node = from
  let given = 0
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[node * 2 + ((bits >> bit) & 1)]!
    if (child === -1 - END_OF_STRING) return NO_STEP
    if (child < 0) given = GIVES_BYTE | ((-1 - child) << 8)
    node = Math.max(0, child)
  }
  return given | node
}
