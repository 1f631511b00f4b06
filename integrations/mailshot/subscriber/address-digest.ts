import { hash } from 'node:crypto'

/** Binds a link to the address that it was mailed to: 48 bits, within what a token signs exactly. */
export function digestOf(identity: string): number {
  return Number.parseInt(hash('sha256', identity).slice(0, 12), 16)
}
