import { codePattern } from './refusal.ts'

/**
 * What the other server said, as a notice quotes it: from its first reply code to the end of the paragraph; `undefined` where it
 * quotes none. What the program that wrote the notice says around it is the same in all of its notices.
 */
export function quotedAnswer(text: string): string | undefined {
  const start = text.slice(0, 8000).search(codePattern)
  if (start < 0) return undefined
  const rest = text.slice(start, start + 1500)
  const end = rest.search(/\n[ \t>]*\n|\(in reply to|giving up on /i)
  return end < 0 ? rest : rest.slice(0, end)
}
