import type { Texts } from '../texts.ts'

export const en: Texts = {
  lang: 'en',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Unsubscribe',
    preferences: 'Change your preferences',
    view_in_browser: 'View in your browser',
    why: 'You get this mail because {{ email }} is subscribed to “{{ list_title }}”.',
  },
  letters: {
    confirmation: {
      subject: 'Please confirm your subscription to {title}',
      intro: 'You, or someone with your address, asked to subscribe to {lists}.',
      button: 'Confirm my subscription',
      ignore:
        'If it was not you, do nothing: without this confirmation you will get no more mail from us.',
      expires: 'The link is valid until {date}.',
    },
    welcome: {
      subject: 'Welcome to {title}',
      intro: 'You are now subscribed to {lists}. Thank you, and see you soon.',
      leave: 'You can change your mind at any time: every mail ends with a link to unsubscribe.',
    },
    goodbye: {
      subject: 'You are unsubscribed from {title}',
      intro: 'You will get no more mail from {lists}.',
      back: 'Was it a mistake? You can subscribe again at {url}.',
    },
  },
  alarms: {
    started: {
      subject: 'Started: {slug}, {total} recipients',
      paragraphs: [
        'The send of {slug} to {lists} has started: {total} recipients.',
        'To hold it: mailshot pause {id}\nTo stop it for good: mailshot cancel {id}',
      ],
    },
    held: {
      subject: 'Held: {slug} was due {scheduled}',
      paragraphs: [
        'The send of {slug} to {lists} was planned for {scheduled}. No worker ran then, and it is too late to start it without asking.',
        'To start it now: mailshot resume {id}\nTo give it up: mailshot cancel {id}',
      ],
    },
    paused: {
      subject: 'Paused: {slug}',
      paragraphs: [
        'The send of {slug} to {lists} has stopped by itself: {reason}',
        '{sent} of {total} got it. Nobody is lost: once the cause is mended, the rest follows.',
        'To go on: mailshot resume {id}',
      ],
    },
    done: {
      subject: 'Done: {slug}, {sent} sent',
      paragraphs: [
        'The send of {slug} to {lists} has ended: {sent} sent, {failed} failed, {skipped} skipped, {uncertain} uncertain, of {total}.',
        'Who got it, who did not and why: mailshot recipients {id}',
      ],
    },
  },
  preview: {
    title: 'Mail preview',
    campaigns: 'Campaigns',
    follows: 'This page follows the files: save one, and it shows.',
    count: '{count} in {folder}/, newest first',
    newer: 'Newer',
    older: 'Older',
    empty: {
      title: 'No campaign yet',
      intro: 'A campaign is one file. Save this one as {file}:',
      next: 'Then it stands here, as it will look in the mail. Nothing is sent by looking.',
    },
    example: {
      subject: 'Hello {{ nom | default: "everyone" }}',
      preheader: 'The line that an inbox shows after the subject.',
      body: 'Hello {{ nom | default: "everyone" }},\n\nWrite **Markdown** here, with [links](https://example.org).',
    },
    unknown: {
      title: 'No campaign “{slug}”',
      intro: 'There is neither a file nor a folder of that name in {folder}/.',
      near: 'These are there:',
    },
    noSubject: 'No subject',
    facts: {
      file: 'File',
      format: 'Format',
      languages: 'Languages',
      lists: 'To',
      send: 'Sent',
      size: 'Size',
    },
    send: {
      manual: 'by hand',
      onMerge: 'when its file reaches the main branch',
      at: '{time}',
    },
    problems: {
      title: 'What is wrong',
      none: 'Nothing wrong',
      errors: 'Errors: {count}',
      warnings: 'Warnings: {count}',
      error: 'Error',
      warning: 'Warning',
    },
    broken: {
      title: 'There is no mail to show',
      compiling: 'Compiling it broke off: {reason}',
      composing:
        'For this reader it cannot be composed, so its fields stand open and it would not be sent: {reason}',
      rendering: 'Its HTML could not be made. What is wrong stands above.',
    },
    inbox: 'In the inbox',
    mail: 'The mail',
    phone: 'Phone, {width} px',
    desktop: 'Desktop, {width} px',
    light: 'Light',
    dark: 'Dark',
    scheme: 'Mail program set to',
    noDark:
      'This mail has no colours of its own for dark mode: some programs show it as it is, others invert it their own way.',
    openAlone: 'Open alone',
    textPart: 'Text part',
    headers: 'Headers',
    source: 'Download as .eml',
    envelope: 'Envelope',
    envelopeText: 'from {from} (bounces return there) to {to}',
    weight: {
      html: '{size} of HTML, of the {limit} that Gmail shows',
      tooLarge: '{size} of HTML: Gmail shows the first {limit} only',
      rest: 'text {text}, whole mail {eml}, images {images}',
    },
    reader: {
      title: 'As any reader',
      language: 'Language',
      list: 'List',
      allLists: 'All of them',
      name: 'Name',
      email: 'Address',
      show: 'Show',
      reset: 'Start over',
      subscriber: 'A subscriber’s address',
      subscriberHint: 'From this machine’s database, as that person gets it.',
      links: 'Links for the reader alone (leave, preferences) lead nowhere here.',
    },
    notes: {
      inventedOnly: 'Subscribers are shown in development only: this reader is invented.',
      unknownAddress: 'Nobody here has the address {address}: this reader is invented.',
      noDatabase: 'The subscribers cannot be read, so this reader is invented: {reason}',
      suppressed: '{address} would get nothing: the address is suppressed ({reason}).',
      notOnList: '{address} would not get it: none of its lists is an active one of this person.',
      otherLanguage: 'There is no variant in {asked}, so these readers get the one in {given}.',
      wrongAddress: '“{written}” is not an e-mail address.',
    },
  },
}
