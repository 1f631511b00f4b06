/**
 * What another server says in its own words: `@` stands for each address that it quotes and `/` for each link, which are
 * the reader's or anybody's, and may hold any word.
 */
export function answerWords(text: string): string {
  return text.replace(link, '/').replace(address, '@')
}

const link = /\bhttps?:\/\/[^\s<>()"']+/gi
/** In angle brackets with anything in it; bare up to what ends a word. RFC 5321 §4.5.3.1 allows 64 octets before the @. */
const address = /<[^<>]{0,320}@[^<>]{0,320}>|[^\s<>@"'(),;:]{1,64}@[^\s<>@"'(),;:]+/g
