import { describe, expect, test } from 'vitest'
import { printList } from '../../integrations/mailshot/cli/table.ts'
import { openTerminal, type Terminal } from '../../integrations/mailshot/cli/terminal.ts'

interface Row {
  name: string
  mails: number
}

const view = {
  heading: ['name', 'mails'],
  cells: ({ name, mails }: Row) => [name, mails],
  json: (row: Row) => row,
  empty: 'Nobody.',
}

describe('printList', () => {
  test('lines columns up, numbers to the right', () => {
    const lines = shown([
      { name: 'Zoë', mails: 7 },
      { name: 'Jean-François', mails: 1200 },
    ])

    expect(lines).toEqual(['name           mails\nZoë                7\nJean-François   1200'])
  })

  test('counts letters as wide as they are', () => {
    const lines = shown([
      { name: '日本', mails: 1 },
      { name: 'e\u0301a', mails: 2 },
    ])

    expect(lines).toEqual(['name  mails\n日本      1\ne\u0301a        2'])
  })

  test('lets no text from outside move the cursor or add a line', () => {
    const [table] = shown([{ name: 'Eve\u001b[2J\r\n\u202ebob', mails: 1 }])

    expect(table?.split('\n')[1]).toBe('Eve [2J bob      1')
  })

  test('prints a line of JSON each for programs', () => {
    expect(shown([{ name: 'Zoë', mails: 7 }], { json: true })).toEqual(['{"name":"Zoë","mails":7}'])
  })

  test('says to people, not to programs, that there is nothing', () => {
    expect(shown([])).toEqual(['Nobody.'])
    expect(shown([], { json: true })).toEqual([])
  })
})

function shown(rows: Row[], { json = false } = {}): string[] {
  const lines: string[] = []
  const add = (text: string) => void lines.push(text)
  const terminal: Terminal = {
    ...openTerminal({ json }),
    print: add,
    note: add,
    printJson: (value) => add(JSON.stringify(value)),
  }
  printList(terminal, rows, view)
  return lines
}
