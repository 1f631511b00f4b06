import { randomBytes } from 'node:crypto'

/** A send's id: seconds in base 36, so that ids sort by time, then 32 bits of chance in eight hex digits. */
export function newSendId(now: number): string {
  return sendIdOf([Math.floor(now / 1000), randomBytes(4).readUInt32BE()])
}

/** The two numbers that an id is made of, for a link that is signed over numbers; undefined for what is no send's id. */
export function sendIdNumbers(id: string): [seconds: number, chance: number] | undefined {
  const [, seconds = '', chance = ''] = /^([0-9a-z]{1,9})([0-9a-f]{8})$/.exec(id) ?? []
  const numbers: [number, number] = [Number.parseInt(seconds, 36), Number.parseInt(chance, 16)]
  // Only what is written as we write it: another spelling would be another send.
  return seconds !== '' && sendIdOf(numbers) === id ? numbers : undefined
}

/** The id that two numbers make. */
export function sendIdOf([seconds = 0, chance = 0]: readonly number[]): string {
  return `${seconds.toString(36)}${chance.toString(16).padStart(8, '0')}`
}
