import type { MailshotConfig } from '../config.ts'
import { type ConditionFault, readCondition, readExcluded, whereIn } from '../segment.ts'
import { placeOf, type SourceFile } from './front-matter.ts'
import { errorAt, type Problem } from './problem.ts'

/** Whom of its lists a campaign goes to, in the one way of writing that conditions have. */
export interface ReaderSettings {
  segment: string | undefined
  exclude: string[] | undefined
}

/** Checks `segment` (a condition, or the name of a segment) and `exclude` (names of lists and segments, and conditions). */
export function checkReaders(
  config: MailshotConfig,
  source: SourceFile,
  said: ReaderSettings,
  problems: Problem[],
): ReaderSettings {
  const tell = (
    key: 'segment' | 'exclude',
    text: string,
    { what, column, cure }: ConditionFault,
  ) => {
    const why = `it stands at ${whereIn(text, column)}`
    problems.push(errorAt(placeOf(source, [key]), `${key}: ${what}`, why, cure))
    return undefined
  }
  const read = said.segment === undefined ? undefined : readCondition(said.segment, config)
  const exclude = said.exclude?.flatMap((text) => {
    const one = readExcluded(text, config)
    return 'wrong' in one ? (tell('exclude', text, one.wrong) ?? []) : one.condition
  })
  return {
    segment:
      read && 'wrong' in read ? tell('segment', said.segment ?? '', read.wrong) : read?.condition,
    exclude: exclude && [...new Set(exclude)].toSorted(),
  }
}
