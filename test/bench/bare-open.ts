/**
 * A bare socket loop under an open load: a fixed request on whichever connection is free when one is due.
 * Usage: bare-open.ts PORT CONNECTIONS RATE COUNT; prints p50 and p99 of request to answer, ms, as JSON.
 */
import { connect, type Socket } from 'node:net'
import { bareRequest } from './bare-request.ts'
import { percentiles } from './bench.ts'

const [port = '0', connections = '1', rate = '1', count = '0'] = process.argv.slice(2)
const request = bareRequest(1022)
const buffer = Buffer.alloc(65_536)
const timesMs: number[] = []
const free: Socket[] = []
const sentMs = new Map<Socket, number>()
let due = 0

function open(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({
      port: Number(port),
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: () => {
          timesMs.push(performance.now() - (sentMs.get(socket) ?? NaN))
          free.push(socket)
          return true
        }
      }
    })
    socket.once('connect', () => resolve(socket))
  })
}

free.push(...(await Promise.all(Array.from({ length: Number(connections) }, open))))
const startMs = performance.now()
const timer = setInterval(() => {
  const now = performance.now()
  for (; due < Number(count) && startMs + (due * 1000) / Number(rate) <= now; due++) {
    const socket = free.shift()
    if (socket === undefined) break
    sentMs.set(socket, performance.now())
    socket.write(request)
  }
  if (timesMs.length < Number(count)) return
  clearInterval(timer)
  console.log(JSON.stringify(percentiles(timesMs)))
  for (const socket of free) socket.destroy()
}, 1)
