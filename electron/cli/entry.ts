#!/usr/bin/env node
/** The oldest Node that runs the sources and has the APIs that they use; the same as `engines` in package.json. */
const LEAST_NODE = 24

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `chattermark: Node ${process.versions.node} is too old; Node ${LEAST_NODE} or newer is needed, see https://nodejs.org\n`
  )
  process.exitCode = 3
} else {
  // Only now: an older Node stumbles over what the program imports before a line of it runs.
  await import('./main.ts')
}

export {}
