import { escapeRegExp } from '../escape-reg-exp.ts'

/** Some notices name a person by what stands before the `@`: it may be any word, and says as much as the address. */
export function withoutName(text: string, recipient = ''): string {
  const name = /^[^@]{3,64}(?=@)/.exec(recipient)?.[0]
  if (name === undefined) return text
  const alone = new RegExp(String.raw`(?<![\w.+@-])${escapeRegExp(name)}(?![\w.+@-])`, 'gi')
  return text.replace(alone, () => recipient)
}

/** The same in a server's answer, where only brackets tell that a word is a name: `550 <zoe> is now disabled`. */
export function withAddress(text: string, recipient = ''): string {
  const name = /^[^@]{1,64}(?=@)/.exec(recipient)?.[0]
  if (name === undefined) return text
  return text.replace(new RegExp(`<${escapeRegExp(name)}>`, 'gi'), () => `<${recipient}>`)
}
