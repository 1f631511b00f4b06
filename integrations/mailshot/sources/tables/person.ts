/**
 * Puts the rows of a join together that are about one person: those that stand behind each other with the same key.
 */
export function* perPerson<Row>(
  rows: Iterable<Row>,
  keyOf: (row: Row) => unknown,
): Generator<Row[]> {
  let person: Row[] = []
  for (const row of rows) {
    if (person[0] !== undefined && keyOf(person[0]) !== keyOf(row)) {
      yield person
      person = []
    }
    person.push(row)
  }
  if (person.length > 0) yield person
}
