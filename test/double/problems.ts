import { EventEmitter } from 'node:events'

/** What went wrong inside the double; the end-to-end fixture asserts that it is empty after every test. */
export const problems: string[] = []
Object.assign(globalThis, { __edouble: { problems } })

function lacking(name: string, key: string): never {
  const message = `electron double: ${name}.${key} is not implemented`
  problems.push(message)
  throw new Error(message)
}

function isUnknown(target: object, key: string | symbol): key is string {
  return typeof key === 'string' && !(key in target) && key !== 'then' && key !== 'toJSON'
}

/** Makes every API that the double lacks fail loudly instead of being `undefined`. */
export function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get: (object, key, receiver): unknown =>
      isUnknown(object, key) ? lacking(name, key) : Reflect.get(object, key, receiver)
  })
}

/** The same for a class: the end of its prototype chain throws, so that identity and private fields stay intact. */
export function strictClass(constructor: { prototype: object }, name: string): void {
  const tail = new Proxy(EventEmitter.prototype, {
    get: (object, key, receiver): unknown =>
      isUnknown(object, key) ? lacking(name, key) : Reflect.get(object, key, receiver)
  })
  Object.setPrototypeOf(constructor.prototype, tail)
}

/** An event as Electron hands it to listeners. */
export class DoubleEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}

export function eventWith<T extends object>(details: T): DoubleEvent & T {
  return Object.assign(new DoubleEvent(), details)
}
