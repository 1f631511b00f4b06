import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util'
import { MailshotError } from '../error.ts'
import { closest } from '../closest.ts'
import type { Terminal } from './terminal.ts'

/** One option: what `parseArgs` needs, and what the help says about it. */
export interface Option extends ParseArgsOptionDescriptor {
  /** The name of its value in the help: `ID`. */
  value?: string
  about: string
}
export type Options = Readonly<Record<string, Option>>

/** `tryAgain` is EX_TEMPFAIL of sysexits.h: what a mail server keeps a mail for. */
export const exitCodes = { done: 0, wrongRequest: 1, failed: 2, tryAgain: 75 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The options that every command takes. */
export const globalOptions = {
  config: {
    type: 'string',
    value: 'FILE',
    about: 'The settings; by default src/mailshot.config.ts of the project around this folder.',
  },
  json: {
    type: 'boolean',
    about: 'Results as JSON on stdout: one value, or one line each for lists.',
  },
  quiet: { type: 'boolean', short: 'q', about: 'Only results and errors.' },
  help: { type: 'boolean', short: 'h', about: 'This help.' },
} as const satisfies Options

type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O & typeof globalOptions; allowPositionals: true }>
>['values']

/** What a command gets to work with. */
export interface Call<O extends Options = Options> {
  values: Values<O>
  positionals: string[]
  terminal: Terminal
}

/** What the help of a command is made of. */
export interface Manual {
  /** Each way to call it, without `mailshot`: `send <slug> [options]`. */
  usage: readonly string[]
  /** How many words beside the options it understands; some depend on the first of them. */
  takes: number | ((positionals: readonly string[]) => number)
  /** What it does, and what it leaves alone. */
  about: string
  options: Options
  /** A command line, and what it is for. */
  examples: readonly (readonly [string, string])[]
  /** What its exit codes mean beyond the general rule. */
  exit?: Readonly<Partial<Record<ExitCode, string>>>
}

export interface Command extends Manual {
  run(args: string[], open: (values: GlobalValues) => Terminal): Promise<ExitCode>
}
export type GlobalValues = Values<typeof globalOptions>

/** Makes a command out of its manual and what it does; `run` gets the options typed as its manual declares them. */
export function defineCommand<const O extends Options>(
  manual: Omit<Manual, 'options'> & { options: O; run(call: Call<O>): Promise<ExitCode> },
): Command {
  return {
    ...manual,
    run(args, open) {
      const { values, positionals } = parse(manual.options, args)
      checkCount(manual, positionals)
      return manual.run({ values, positionals, terminal: open(values) })
    },
  }
}

function checkCount(
  { takes, usage }: Pick<Manual, 'takes' | 'usage'>,
  positionals: string[],
): void {
  const surplus = positionals[typeof takes === 'number' ? takes : takes(positionals)]
  if (surplus === undefined) return
  const ways = usage.map((line) => `mailshot ${line}`).join(', or ')
  throw new MailshotError(`"${surplus}" is one word too many; write: ${ways}`)
}

function parse<O extends Options>(options: O, args: string[]) {
  const all = { ...options, ...globalOptions }
  try {
    return parseArgs({ args, options: all, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new MailshotError(explain(error.message, all), { cause: error })
  }
}

/** Says in our own words what `parseArgs` found wrong. */
function explain(message: string, options: Options): string {
  const [, dashes = '', unknown] = /Unknown option '(-+)([^']+)'/.exec(message) ?? []
  if (unknown !== undefined) {
    const meant = closest(unknown, Object.keys(options))
    return `there is no option ${dashes}${unknown}${meant ? `; did you mean --${meant}?` : ''}`
  }
  const [, name = ''] = /^Option '(?:-\w, )?--([\w-]+)/.exec(message) ?? []
  const option = options[name]
  if (option === undefined) return message
  if (option.type === 'boolean') return `--${name} takes no value; leave out what follows it`
  return `--${name} needs a value: --${name} ${option.value ?? 'VALUE'}`
}
