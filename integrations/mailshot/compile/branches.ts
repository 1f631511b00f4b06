/** A piece of a text that differs between readers. */
export type Piece = string | { output: string } | { tag: string }

/** Stands for the value of an output, which is known for no reader yet. */
export const hole = '\uFFFC'

/** Every text that a reader may get, each branch of each condition considered; undefined where there are too many. */
export function readings(pieces: readonly Piece[]): string[] | undefined {
  return textsOf(grow(pieces))
}

/** Whether every reader gets an output that fits; `before` is what stands before it in the same mail. */
export function isAlwaysGiven(
  pieces: readonly Piece[],
  fits: (output: string, before: string) => boolean,
): boolean {
  return isGivenIn(grow(pieces), '', fits)
}

type Grown = (string | { output: string } | Choice)[]
interface Choice {
  branches: Grown[]
  /** Whether one of the branches is always taken. */
  isTotal: boolean
}

const most = 200

/** Reads the blocks of a text. One that is never closed is reported as such: here it is taken for no condition. */
function grow(pieces: readonly Piece[]): Grown {
  const root: Grown = []
  const open: { choice: Choice; branch: Grown }[] = []
  for (const piece of pieces) {
    const branch = open.at(-1)?.branch ?? root
    if (typeof piece === 'string' || 'output' in piece) branch.push(piece)
    else {
      const [word = ''] = piece.tag.split(/\W/, 1)
      if (/^(?:if|unless|for|case)$/.test(word)) open.push(begin(branch, word))
      else if (/^(?:elsif|when|else)$/.test(word)) nextBranch(open.at(-1), word)
      else if (word.startsWith('end')) open.pop()
    }
  }
  for (const { choice } of open) choice.isTotal = true
  return root
}

function begin(parent: Grown, word: string): { choice: Choice; branch: Grown } {
  const branch: Grown = []
  // What stands between `case` and its first `when` is shown to nobody.
  const choice: Choice = { branches: word === 'case' ? [] : [branch], isTotal: false }
  parent.push(choice)
  return { choice, branch }
}

function nextBranch(block: { choice: Choice; branch: Grown } | undefined, word: string): void {
  if (!block) return
  block.branch = []
  block.choice.branches.push(block.branch)
  if (word === 'else') block.choice.isTotal = true
}

function textsOf(grown: Grown): string[] | undefined {
  let texts = ['']
  for (const piece of grown) {
    const endings = endingsOf(piece)
    if (!endings) return undefined
    texts = [...new Set(texts.flatMap((text) => endings.map((ending) => text + ending)))]
    if (texts.length > most) return undefined
  }
  return texts
}

function endingsOf(piece: Grown[number]): string[] | undefined {
  if (typeof piece === 'string') return [piece]
  if ('output' in piece) return [hole]
  const endings = piece.isTotal ? [] : ['']
  for (const branch of piece.branches) {
    const texts = textsOf(branch)
    if (!texts) return undefined
    endings.push(...texts)
  }
  return endings
}

function isGivenIn(
  grown: Grown,
  start: string,
  fits: (output: string, before: string) => boolean,
): boolean {
  let before = start
  return grown.some((piece) => {
    if (typeof piece === 'string') before += piece
    else if ('output' in piece) {
      if (fits(piece.output, before)) return true
      before += hole
    } else if (piece.isTotal) {
      return piece.branches.every((branch) => isGivenIn(branch, before, fits))
    }
    return false
  })
}
