/** What a field says of itself to who cannot see it, and the ids it is told by. */
export interface WrongField {
  labelId?: string
  errorId?: string
  control: {
    id?: string
    'aria-invalid'?: 'true'
    'aria-labelledby'?: string
    'aria-describedby'?: string
  }
}

/**
 * The ids of a field that is wrong: the list of mistakes leads to `#mailshot-…`, its label alone is its name, and what is wrong describes
 * it. A field that is right has none, since another form may stand on the page.
 */
export function wrongField(field: string, problem: string | undefined): WrongField {
  if (problem === undefined) return { control: {} }
  const id = `mailshot-${field}`
  const [labelId, errorId] = [`${id}-label`, `${id}-error`]
  return {
    labelId,
    errorId,
    control: {
      id,
      'aria-invalid': 'true',
      'aria-labelledby': labelId,
      'aria-describedby': errorId,
    },
  }
}
