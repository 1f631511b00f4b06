#!/usr/bin/env node
// Starts the command line. Any Node runs this file; an old one hands over to the Node that the project brings.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  // Code that was compiled by the last command: half the time to start, and 30 MB less. Not in the folder for temporary files,
  // as is usual, since other users could put code of theirs there.
  module.enableCompileCache(
    fileURLToPath(new URL('../../node_modules/.cache/mailshot', import.meta.url)),
  )
  const { main } = await import('./cli.ts')
  await main(process.argv.slice(2))
} else {
  const node = findNode(process.cwd()) ?? findNode(dirname(fileURLToPath(import.meta.url)))
  if (node === undefined) {
    console.error(
      `mailshot needs Node 22.18 or newer; this is ${process.versions.node}. ` +
        'Install one, or add it to the project: npm install --save-dev node@24',
    )
    process.exit(1)
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal reaches the child by itself; sent a second time, it would mean "at once".
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal))
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** The binary of the npm package `node`, in this folder's node_modules or one above. */
function findNode(folder) {
  const file = join(
    folder,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(file)) return file
  return dirname(folder) === folder ? undefined : findNode(dirname(folder))
}
