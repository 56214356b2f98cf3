/**
 * Node's `http`. An ESM import of it reads every export, and some of them are made on being read: it loads Node's own
 * `fetch`, 30 to 70 ms of the processor in each process and thread.
 */
export const nodeHttp = process.getBuiltinModule('node:http')
