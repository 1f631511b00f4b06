import { wrongDate } from './date-filter.ts'
import { createLiquid, delimiters } from './liquid.ts'

/** Runs an output alone, without values: what is wrong with it is found here, not in the mail of one reader. */
export function tryOutput(source: string): string | undefined {
  return run(`${delimiters.outputDelimiterLeft} ${source} ${delimiters.outputDelimiterRight}`)
}

/** Runs a tag alone, with what it needs around it. */
export function tryTag(name: string, source: string): string | undefined {
  // A range could be made as long as one likes.
  if (/\(.*\.\..*\)/.test(source)) return 'ranges are not part of it'
  const [before = '', after = ''] = surroundings[name] ?? []
  const tags = [before, source, after].filter((tag) => tag !== '')
  const { tagDelimiterLeft, tagDelimiterRight } = delimiters
  return run(tags.map((tag) => `${tagDelimiterLeft} ${tag} ${tagDelimiterRight}`).join(''))
}

const liquid = createLiquid('en')
// Readers' own values are not here, so this is what the campaign says.
liquid.registerFilter('date', (value, format) => {
  const wrong = wrongDate(value, format)
  if (wrong !== undefined) throw new Error(wrong)
  return value
})
const surroundings: Record<string, [string, string]> = {
  if: ['', 'endif'],
  elsif: ['if true', 'endif'],
  else: ['if true', 'endif'],
  endif: ['if true', ''],
  unless: ['', 'endunless'],
  endunless: ['unless true', ''],
  case: ['', 'endcase'],
  when: ['case 1', 'endcase'],
  endcase: ['case 1', ''],
  for: ['', 'endfor'],
  endfor: ['for x in lists', ''],
}

function run(source: string): string | undefined {
  try {
    liquid.parseAndRenderSync(source, {})
    return undefined
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return message.replace(/,? (?:line|file):.*$/, '')
  }
}
