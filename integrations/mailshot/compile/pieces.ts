import type { Piece } from './branches.ts'
import { decodeEntities } from './entity.ts'
import { splitAtTokens, type Tokens } from './tokens.ts'

/** A text with tokens as pieces: what stands between them as `read` gives it, fragments replaced by what they hold. */
export function piecesOf(tokens: Tokens, text: string, read = decodeEntities): Piece[] {
  return splitAtTokens(tokens, text).flatMap((piece): Piece[] => {
    if (typeof piece === 'string') return [read(piece)]
    const { kind, source } = piece.token
    if (kind === 'fragment') return piecesOf(tokens, source, asItIs)
    return [kind === 'tag' ? { tag: source } : { output: source }]
  })
}

/** For texts without entities, and for markup that is to stay markup. */
export function asItIs(text: string): string {
  return text
}
