import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

/** What we have put into the environment, to be taken out again when the file changes. */
const ours = new Set<string>()

/** Loads a `.env` as the command line does: what the environment says wins. Read again, it replaces what it said before. */
export function loadEnvironment(file: URL): void {
  for (const name of ours) delete process.env[name]
  ours.clear()
  if (existsSync(file)) addToEnvironment(parseEnv(readFileSync(file, 'utf8')))
}

/** Adds what the environment does not say already, until it is loaded again. */
export function addToEnvironment(values: NodeJS.Dict<string>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || process.env[name] !== undefined) continue
    process.env[name] = value
    ours.add(name)
  }
}
