import { describe, expect, it } from 'vitest'
import { formFields, readFields } from '../../integrations/mailshot/pages/field.ts'
import { textsFor } from '../../integrations/mailshot/texts.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { testConfig } from '../open-test-mailshot.ts'

describe('formFields', () => {
  it('shows what readers are asked, in the config’s order, in their language', () => {
    const shown = formFields(asking('en'))
    expect(shown.map(({ name, control, isRequired }) => [name, control, isRequired])).toEqual([
      ['city', 'text', true],
      ['plan', 'select', true],
      ['age', 'number', false],
      ['born', 'date', false],
      ['member', 'box', false],
      ['adult', 'select', true],
      ['terms', 'box', true],
    ])
    expect(shown[0]).toMatchObject({ label: 'City', description: 'Where you live.', value: '' })
    expect(shown[1]?.options).toEqual([
      { value: '', label: 'Please choose' },
      { value: 'free', label: 'Free of charge' },
      { value: 'pro', label: 'pro' },
    ])
    expect(formFields(asking('fr'))[5]?.options.map(({ label }) => label)).toEqual([
      'Choisissez',
      'Oui',
      'Non',
    ])
  })

  it('fills in what is known of the person', () => {
    const attributes = { city: 'Lyon', age: 12.5, member: true, adult: false }
    const shown = formFields(asking('en'), { attributes })
    expect(shown.map(({ value }) => value)).toEqual(['Lyon', '', '12.5', '', 'yes', 'no', ''])
  })

  it('shows those it is told to, and refuses what readers may not fill in', () => {
    const names = (given: string[]) =>
      formFields(asking('en'), { names: given }).map(({ name }) => name)
    expect(names(['age', 'city'])).toEqual(['age', 'city'])
    expect(() => names(['customer'])).toThrow(
      'a form asks for the field "customer", which readers may not fill in: give it form: \'optional\' in mailshot.config.ts',
    )
    expect(() => names(['town'])).toThrow(
      'a form asks for the field "town", which mailshot.config.ts does not have (asked of readers: city, plan,',
    )
  })
})

describe('readFields', () => {
  it('reads each field as its type', () => {
    const { attributes, problems } = read({ ...filled, 'field-age': '1,5', 'field-member': 'yes' })
    expect(problems).toEqual([])
    expect(attributes).toEqual({
      city: 'Lyon',
      plan: 'pro',
      age: 1.5,
      member: true,
      adult: false,
      terms: true,
    })
  })

  it('says beside each field what is wrong with it, and keeps what was typed', () => {
    const { fields, problems } = read({
      'field-city': 'x'.repeat(501),
      'field-plan': 'gold',
      'field-age': 'twelve',
      'field-born': '2026-02-30',
      'field-adult': '',
    })
    expect(problems).toEqual([
      { field: 'field-city', text: 'Please shorten “City”: it takes 500 characters at most.' },
      { field: 'field-plan', text: 'Please choose one of the answers to “plan”.' },
      { field: 'field-age', text: 'Please write “age” as a number, like 12 or 1.5.' },
      { field: 'field-born', text: 'Please write “born” as a date, like 2026-12-31.' },
      { field: 'field-adult', text: 'Please choose an answer to “adult”.' },
      {
        field: 'field-terms',
        text: 'Please tick the box “I have read the terms” to go on.',
      },
    ])
    expect(fields.find(({ name }) => name === 'age')).toMatchObject({
      value: 'twelve',
      problem: 'Please write “age” as a number, like 12 or 1.5.',
    })
  })

  it('takes an empty field that may stay empty for a value taken back, and a box for a no', () => {
    const { attributes, empty } = read({ ...filled, 'field-age': ' ', asked: 'member' })
    expect(empty).toEqual(['age'])
    expect(attributes).not.toHaveProperty('age')
    expect(attributes['member']).toBe(false)
  })

  it('misses what is required also where the form did not show it, if told to', () => {
    const missed = (required: boolean) =>
      readFields(asking('en'), new FormData(), { required }).problems.map(({ field }) => field)
    expect(missed(true)).toEqual(['field-city', 'field-plan', 'field-adult', 'field-terms'])
    expect(missed(false)).toEqual([])
  })

  it('passes over what readers are not asked', () => {
    const { attributes } = read({ ...filled, 'field-customer': '7', asked: 'customer' })
    expect(attributes).not.toHaveProperty('customer')
  })
})

describe('a field of the config', () => {
  it('needs its words where it is a consent, and choices where it is a choice', () => {
    const fields = { terms: { type: 'consent' }, plan: { type: 'choice' } } as const
    expect(() => testConfig({ fields }, '/tmp')).toThrow(
      /label is what|is what a reader agrees to[\s\S]*choices: \['free', 'pro'\]/,
    )
  })
})

const filled = {
  'field-city': ' Lyon ',
  'field-plan': 'pro',
  'field-adult': 'no',
  'field-terms': 'yes',
}

const fields: MailshotConfigInput['fields'] = {
  customer: { type: 'number' },
  city: {
    label: { fr: 'Ville', en: 'City' },
    description: { fr: 'Où vous habitez.', en: 'Where you live.' },
    form: 'required',
  },
  plan: {
    type: 'choice',
    choices: { free: { fr: 'Gratuit', en: 'Free of charge' }, pro: 'pro' },
    form: 'required',
  },
  age: { type: 'number', form: 'optional' },
  born: { type: 'date', form: 'optional' },
  member: { type: 'boolean', form: 'optional' },
  adult: { type: 'boolean', form: 'required' },
  terms: { type: 'consent', label: 'I have read the terms', form: 'required' },
}

function asking(lang: string) {
  const config = testConfig({ fields }, '/tmp')
  return { config, texts: textsFor(config, lang) }
}

function read(values: Record<string, string>) {
  const form = new FormData()
  for (const [name, value] of Object.entries(values)) form.append(name, value)
  return readFields(asking('en'), form, { required: true })
}
