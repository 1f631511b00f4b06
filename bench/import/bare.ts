// A process that inserts the same rows with the driver alone, and prints the seconds it took: node bare.ts <path> <rows>
import Database from 'libsql'
import { attributesOf, emailOf, langOf } from './rows.ts'

const [path = '', rows = ''] = process.argv.slice(2)
const file = new Database(path)
for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON']) {
  file.exec(`PRAGMA ${pragma}`)
}
const person = file.prepare(`
  INSERT INTO subscribers (email, written, name, lang, attributes, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, 1, 1)`)
const subscription = file.prepare(`
  INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
  VALUES (?, 'weekly', 'active', 1, 1)`)
const consent = file.prepare(`
  INSERT INTO consents (subscriber_id, list_id, at, source, form, lang)
  VALUES (?, 'weekly', 1, 'import', 'people.csv', ?)`)
const started = performance.now()
for (let from = 1; from <= Number(rows); from += 1000) {
  file.exec('BEGIN IMMEDIATE')
  for (let n = from; n < from + 1000 && n <= Number(rows); n += 1) insert(n)
  file.exec('COMMIT')
}
console.log((performance.now() - started) / 1000)
file.close()

function insert(n: number): void {
  const { firstname, lastname, city } = attributesOf(n)
  const [email, lang] = [emailOf(n), langOf(n)]
  const attributes = JSON.stringify({ city })
  const { lastInsertRowid: id } = person.run([
    email,
    email,
    `${firstname} ${lastname}`,
    lang,
    attributes,
  ])
  subscription.run([id])
  consent.run([id, lang])
}
