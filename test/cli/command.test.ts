import { describe, expect, test } from 'vitest'
import { groups } from '../../integrations/mailshot/cli.ts'
import { defineCommand, exitCodes } from '../../integrations/mailshot/cli/command.ts'
import { recordingTerminal } from './recording-terminal.ts'

const greet = defineCommand({
  usage: ['greet <name> [--loud] [--list ID]', 'greet all'],
  takes: ([name]) => (name === 'all' ? 1 : 2),
  about: 'Greets.',
  options: {
    loud: { type: 'boolean', about: 'Louder.' },
    list: { type: 'string', short: 'l', multiple: true, value: 'ID', about: 'Which.' },
  },
  examples: [],
  run: ({ terminal, positionals }) => {
    terminal.print(positionals.join(' '))
    return Promise.resolve(exitCodes.done)
  },
})

describe('defineCommand', () => {
  test('runs with as many words as it takes', async () => {
    expect(await greeting('Ana', 'Bob')).toEqual(['Ana Bob'])
  })

  test('refuses a word more, and shows how it is called', () => {
    const ways = 'write: mailshot greet <name> [--loud] [--list ID], or mailshot greet all'
    expect(() => greeting('all', 'extra')).toThrow(`"extra" is one word too many; ${ways}`)
    expect(() => greeting('Ana', 'Bob', 'Eve')).toThrow(`"Eve" is one word too many; ${ways}`)
  })

  test('says in words of its own what is wrong with an option', () => {
    expect(() => greeting('--list')).toThrow(/^--list needs a value: --list ID$/)
    expect(() => greeting('-l')).toThrow(/^--list needs a value: --list ID$/)
    expect(() => greeting('--list', '--loud')).toThrow(/^--list needs a value: --list ID$/)
    expect(() => greeting('--loud=very')).toThrow(/^--loud takes no value; /)
    expect(() => greeting('--lsit', 'x')).toThrow(
      /^there is no option --lsit; did you mean --list\?$/,
    )
    expect(() => greeting('-x')).toThrow(/^there is no option -x$/)
  })
})

describe('every command', () => {
  test('refuses words that it would not look at', async () => {
    const lines = `doctor extra, init extra, lists extra, deliver extra, status a extra, send a extra, pause a extra,
      resume a extra, cancel a extra, preview a extra, recipients a extra, import a extra, token list extra,
      token revoke a extra, subscribers list extra, subscribers show a extra`
    const calls = lines.split(/,\s*/).map(async (line) => {
      const [name = '', ...args] = line.split(' ')
      const entry = Object.values(groups).find((group) => group[name])?.[name]
      const command = await entry?.load()
      return messageOf(() => command?.run(args, () => recordingTerminal()))
    })

    const told = await Promise.all(calls)

    expect(told).toEqual(told.map(() => expect.stringContaining('"extra" is one word too many')))
  })
})

function greeting(...args: string[]): Promise<string[]> {
  const terminal = recordingTerminal()
  return greet.run(args, () => terminal).then(() => terminal.out)
}

function messageOf(act: () => unknown): string {
  try {
    act()
    return 'it was accepted'
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}
