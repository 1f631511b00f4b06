import { errorAt, type Place, type Problem } from '../campaign/problem.ts'
import { splitAtTokens, type Tokens } from './tokens.ts'

/** Every placeholder must come out again; block tags once each and in their order. */
export function lostTokens(
  tokens: Tokens,
  before: string,
  after: string,
  fallback: Place,
): Problem[] {
  const [sent, got] = [indexesIn(tokens, before), indexesIn(tokens, after)]
  const lost = sent.filter((index) => !got.includes(index))
  const isTag = (index: number) => tokens.all[index]?.kind === 'tag'
  const problems = lost.map((index) => {
    const { source = '', place = fallback, kind } = tokens.all[index] ?? {}
    const what = kind === 'tag' ? `{% ${source} %} was lost` : `{{ ${source} }} was lost`
    return errorAt(
      place,
      what,
      'it stands where neither Markdown nor MJML keeps text',
      'put it in the text, or on a line between elements',
    )
  })
  const tags = got.filter(isTag)
  const wanted = sent.filter((index) => isTag(index) && !lost.includes(index))
  if (tags.join() === wanted.join()) return problems
  const moved = tags.find((index, position) => index !== wanted[position]) ?? 0
  const { source = '', place = fallback } = tokens.all[moved] ?? {}
  const cure = 'put block tags on lines of their own, around whole elements'
  return [
    ...problems,
    errorAt(
      place,
      `{% ${source} %} was moved or doubled`,
      'the mail would not say what you wrote',
      cure,
    ),
  ]
}

/** The block tags of a text, in their order, as one comparable word. */
export function tagsIn(tokens: Tokens, text: string): string {
  return indexesIn(tokens, text)
    .filter((index) => tokens.all[index]?.kind === 'tag')
    .join()
}

function indexesIn(tokens: Tokens, text: string): number[] {
  return splitAtTokens(tokens, text).flatMap((piece) =>
    typeof piece === 'string' || piece.token.kind === 'fragment' ? [] : [piece.index],
  )
}
