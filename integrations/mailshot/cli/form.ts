import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { embeddedForm } from '../pages/embed.ts'
import { publicListsOf, signUp } from '../pages/sign-up.ts'
import { languageOfTexts } from '../reader-language.ts'
import { languageWithTexts, textLanguages } from '../texts.ts'
import { defineCommand, exitCodes } from './command.ts'
import { readProject } from './project.ts'

export const form = defineCommand({
  usage: ['form [--list LIST…] [--field FIELD…] [--lang LANG] [--name]'],
  takes: 0,
  about:
    'Prints a sign-up form as plain HTML, to be put on another site. That site has to be among signUp.origins in\n' +
    'mailshot.config.ts. Leave the words as they are: they are kept with the consent of who signs up.',
  options: {
    list: {
      type: 'string',
      multiple: true,
      value: 'LIST',
      about: 'To choose from; all public ones by default. One alone needs no choice.',
    },
    field: {
      type: 'string',
      multiple: true,
      value: 'FIELD',
      about: 'Own fields it asks; by default all that readers may fill in.',
    },
    lang: { type: 'string', value: 'LANG', about: 'Its language; by default that of the site.' },
    name: { type: 'boolean', about: 'Ask for the name.' },
  },
  examples: [
    ['mailshot form --list weekly --lang en', 'for one list, in English'],
    ['mailshot form --name --field city > form.html', 'all lists, the name and one field of ours'],
  ],
  async run({ values, terminal }) {
    const config = await readProject(values)
    const lang = languageOf(config, values.lang)
    const wrong = values.list?.find((list) => !publicListsOf(config).includes(list))
    if (wrong !== undefined) throw noList(config, wrong)
    const model = signUp(config, {
      lang,
      form: 'mailshot form',
      lists: values.list,
      fields: values.field,
      asksName: values.name ?? false,
    })
    const html = embeddedForm(config, model)
    if (terminal.json) terminal.printJson({ html, origins: config.signUp.origins })
    else terminal.print(html)
    if (config.signUp.origins.length === 0) {
      terminal.note(
        "No other site may post it yet: add signUp: { origins: ['https://…'] } to mailshot.config.ts.",
      )
    }
    return exitCodes.done
  },
})

function languageOf(config: MailshotConfig, asked: string | undefined): string {
  const lang = languageWithTexts(asked)
  if (asked === undefined) return languageOfTexts(config, config.lang)
  if (lang !== undefined) return lang
  throw new MailshotError(
    `--lang ${asked}: there are no texts in that language (known: ${textLanguages.join(', ')})`,
  )
}

function noList(config: MailshotConfig, list: string): MailshotError {
  const hint = didYouMean(list, publicListsOf(config))
  return new MailshotError(`--list ${list}: mailshot.config.ts has no such public list; ${hint}`)
}
