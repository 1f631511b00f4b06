import { exitCodes, globalOptions, type Manual, type Options } from './command.ts'
import { wrap } from './format.ts'
import { paint } from './terminal.ts'

const exitRule = {
  [exitCodes.done]: 'done, or nothing to do',
  [exitCodes.wrongRequest]: 'the request is wrong; the message says what to change',
  [exitCodes.failed]: 'it failed on the way',
}

/** All commands by group, for `mailshot --help`. */
export function overview(groups: Record<string, [string, string][]>): string {
  const sections = Object.entries(groups).map(([title, commands]) =>
    section(title, columns(commands, 13)),
  )
  return [
    'Newsletters from a Git repository: campaigns are files, one command sends them.',
    section('Usage', ['  mailshot <command> [options]']),
    ...sections,
    section('Every command takes', optionLines(globalOptions)),
    'mailshot help <command> says more about each.',
  ].join('\n\n')
}

/** The help of one command, made from its manual. */
export function commandHelp(name: string, summary: string, manual: Manual): string {
  const exits = Object.entries({ ...exitRule, ...manual.exit })
  const parts = [
    `mailshot ${name}: ${summary}`,
    section(
      'Usage',
      manual.usage.map((line) => `  mailshot ${line}`),
    ),
    manual.about,
    section('Options', optionLines({ ...manual.options, ...globalOptions })),
    section(
      'Examples',
      manual.examples.flatMap(([line, why]) => [`  ${line}`, paint('dim', `      ${why}`)]),
    ),
    section('Exit codes', columns(exits, 3)),
  ]
  return parts.join('\n\n')
}

function section(title: string, lines: string[]): string {
  return [paint('bold', title), ...lines].join('\n')
}

function optionLines(options: Options): string[] {
  const entries = Object.entries(options).map(([name, option]): [string, string] => {
    const short = option.short ? `-${option.short}, ` : ''
    return [`${short}--${name}${option.value ? ` ${option.value}` : ''}`, option.about]
  })
  return columns(entries, Math.max(...entries.map(([left]) => left.length)) + 1)
}

/** A word and its explanation, which is wrapped beside it. */
function columns(entries: (readonly [string, string])[], width: number): string[] {
  const indent = ' '.repeat(width + 4)
  return entries.map(([left, right]) => {
    const lines = wrap(right, Math.max(30, 92 - width))
    return `  ${left.padEnd(width + 2)}${lines.join(`\n${indent}`)}`
  })
}
