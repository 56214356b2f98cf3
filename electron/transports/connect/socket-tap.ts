import type { Socket } from 'node:net'

/** A large write goes out in slices of this size, so that it is seen to move. */
const SLICE_BYTES = 256 * 1024

export type Chunk = Uint8Array | string

/** Hears what passes through a library's socket. */
export interface SocketTap {
  /** What is about to be written in one go. */
  wrote(chunks: readonly Chunk[]): void
  /** A part of what was written last has left. */
  moved(): void
  /** All of what was written last has left. @param isFull the library was not let write on before */
  left(isFull: boolean): void
  heard(chunk: Chunk): void
}

interface Written {
  chunk: Chunk
  encoding: BufferEncoding
}
type Done = (error?: Error | null) => void

/**
 * Stands in a socket's own way in and out (`push` and `_write`, the methods that the stream documentation gives to
 * implementers): a listener would change the flow that the library has chosen.
 */
export function tapSocket(socket: Socket, tap: SocketTap): void {
  const push = socket.push.bind(socket)
  socket.push = (chunk: Chunk | null, encoding?: BufferEncoding) => {
    if (chunk !== null) tap.heard(chunk)
    return push(chunk, encoding)
  }
  const gone = (done: Done): Done => {
    return (error) => {
      if (error == null) tap.left(socket.writableNeedDrain)
      done(error)
    }
  }
  const write = socket._write.bind(socket)
  const writeAll = socket._writev?.bind(socket)
  const writeSlices = (chunks: readonly Written[], done: Done): void => {
    const pieces = chunks.flatMap(slices)
    const next = (at: number): void => {
      const piece = pieces[at]
      if (piece === undefined) return done()
      write(piece.chunk, piece.encoding, (error) => {
        if (error != null) return done(error)
        tap.moved()
        next(at + 1)
      })
    }
    next(0)
  }
  socket._write = (chunk: Chunk, encoding, done) => {
    tap.wrote([chunk])
    if (isLarge(chunk)) writeSlices([{ chunk, encoding }], gone(done))
    else write(chunk, encoding, gone(done))
  }
  if (writeAll === undefined) return
  socket._writev = (chunks: Written[], done) => {
    tap.wrote(chunks.map(({ chunk }) => chunk))
    if (chunks.some(({ chunk }) => isLarge(chunk))) writeSlices(chunks, gone(done))
    else writeAll(chunks, gone(done))
  }
}

function isLarge(chunk: Chunk): chunk is Uint8Array {
  return typeof chunk !== 'string' && chunk.length > SLICE_BYTES
}

function slices({ chunk, encoding }: Written): Written[] {
  if (!isLarge(chunk)) return [{ chunk, encoding }]
  return Array.from({ length: Math.ceil(chunk.length / SLICE_BYTES) }, (_, index) => ({
    chunk: chunk.subarray(index * SLICE_BYTES, (index + 1) * SLICE_BYTES),
    encoding
  }))
}
