/**
 * The fields that are surely not empty where a condition holds, or where it does not: `nom` in `{% if nom %}`, nothing
 * in `{% if city or plan %}`.
 */
export function filledBy(condition: string, holds: boolean): string[] {
  return filledWhen(condition.match(word) ?? [], holds)
}

/** The fields that are surely not empty in a `when`: its `case`'s, where it names no empty value. */
export function filledByWhen(subject: string, values: string): string[] {
  const given = (values.match(word) ?? []).filter((one) => one !== ',' && one !== 'or')
  return field.test(subject.trim()) && given.every(isFull) ? [subject.trim()] : []
}

const word = /"[^"]*"|'[^']*'|[<>=!]=|<>|[<>,]|[^\s<>=!,]+/g
const field = /^[a-z_]\w*$/i
const noField = new Set('true false nil null blank empty not and or contains'.split(' '))

/** Liquid reads from the right: `a or b and c` is `a or (b and c)`. */
function filledWhen(words: string[], holds: boolean): string[] {
  const at = words.findIndex((one) => one === 'and' || one === 'or')
  if (at === -1) return filledByOne(words, holds)
  const left = filledByOne(words.slice(0, at), holds)
  const right = filledWhen(words.slice(at + 1), holds)
  const areBoth = (words[at] === 'and') === holds
  return areBoth ? [...left, ...right] : left.filter((one) => right.includes(one))
}

function filledByOne([first = '', ...rest]: string[], holds: boolean): string[] {
  if (first === 'not') return filledWhen(rest, !holds)
  const [operator, second = ''] = rest
  if (operator === undefined) return holds ? named(first) : []
  if (operator === '==' || operator === '!=' || operator === '<>') {
    const isEqual = (operator === '==') === holds
    const isTold = (value: string) => (isEqual ? isFull(value) : isEmpty(value))
    return [...(isTold(second) ? named(first) : []), ...(isTold(first) ? named(second) : [])]
  }
  if (operator === 'contains') return holds && isFull(second) ? named(first) : []
  // An empty text counts as zero beside a number.
  return operator === '>' && holds && Number(second) >= 0 ? named(first) : []
}

/** `nom.size` is about `nom`. */
function named(text: string): string[] {
  const name = text.replace(/\.size$/, '')
  return field.test(name) && !noField.has(name) ? [name] : []
}

function isFull(value: string): boolean {
  return /^(?:"[^"]*\S[^"]*"|'[^']*\S[^']*'|-?\d+(?:\.\d+)?|true)$/.test(value)
}

function isEmpty(value: string): boolean {
  return /^(?:""|''|blank|empty)$/.test(value)
}
