import type { PageTexts } from '../../texts.ts'

export const pages: PageTexts = {
  quote: '“{title}”',
  optional: 'optional',
  mistake: 'Please correct',
  mistakes: 'Nearly there. Please correct:',
  languages: 'This page in other languages',
  pending: 'waiting for your confirmation',
  links: {
    subscribe: 'Subscribe',
    preferences: 'Change my preferences',
    write: 'Write to us',
  },
  lost: {
    heading: 'This link does not work',
    paragraphs: [
      'It is probably incomplete: some mail programs cut long links in two. Nothing was changed.',
      'Go back to the mail you come from and click once more, or copy the whole link into the address bar. If that does not help, write to us and we will see to it, also if you want to unsubscribe.',
    ],
  },
  test: {
    heading: 'That was a test mail',
    paragraphs: ['It belongs to no subscription, so there is nothing to change here.'],
  },
  gone: {
    heading: 'We do not know this address any more',
    paragraphs: ['Its subscriptions were deleted, and it gets no more mail from us.'],
  },
  refusals: {
    noForm: {
      heading: 'This is no form of this page',
      paragraphs: ['Nothing was changed. Open the page, and use its button.'],
    },
    tooLarge: {
      heading: 'That is more than this form can take',
      paragraphs: ['Nothing was changed. Go back, shorten what you wrote, and send it again.'],
    },
    foreignForm: {
      heading: 'This form came from another site',
      paragraphs: [
        'It was not sent from {site}, so nothing was changed. Open the page there, and send it again.',
      ],
    },
    wrongMethod: {
      heading: 'This address cannot be used like that',
      paragraphs: ['It answers {allow} only. Nothing was changed.'],
    },
    broken: {
      heading: 'Something is broken on our side',
      paragraphs: [
        'Nothing was changed. Please try again in a minute.',
        'If it happens again, write to us, and we will see to it, also if you want to unsubscribe.',
      ],
    },
  },
  blocked: {
    heading: 'This address gets no mail from us',
    paragraphs: [
      'We have stopped writing to {email}, because we were asked to, or because a mail was reported as spam.',
      'If you would like to get our newsletters again, write to us and we will let them through.',
    ],
  },
  bounced: {
    heading: 'Our mails came back',
    paragraphs: [
      'The mailbox of {email} refused our last mails, so we have stopped writing.',
      'If it works again, subscribe once more: we will send you a link to make sure.',
    ],
  },
  form: {
    choose: 'I would like to get',
    one: 'I would like to get {lists}.',
    email: 'Email address',
    name: 'Name',
    note: 'Every mail has a link to unsubscribe with one click.',
    button: 'Subscribe',
    noEmail: 'Please enter your email address.',
    wrongEmail:
      'We cannot write to this address: please check it (a single address, without accents before the @).',
    noList: 'Please choose at least one newsletter.',
  },
  subscribe: {
    heading: 'Get our news by email',
    intro: 'Choose what you would like to read, and tell us where to send it.',
    asked: {
      heading: 'Check your inbox',
      paragraphs: [
        'If your subscription needs to be confirmed, a mail is on its way to the address you gave. Follow the link in it, and you are done.',
        'Nothing there after a few minutes? Check your spam folder. If the address was subscribed already, there is nothing to confirm, and it stays subscribed.',
      ],
    },
    again: 'Correct the address',
    closed: {
      heading: 'No newsletter to subscribe to',
      paragraphs: ['None of our newsletters takes new subscribers at the moment.'],
    },
  },
  confirm: {
    ready: {
      heading: 'Confirm your subscription',
      paragraphs: [
        'One more click, and you will get {lists} at {email}.',
        'You did not ask for it? Just close this page, and nothing will be sent.',
      ],
    },
    button: 'Confirm my subscription',
    confirmed: {
      heading: 'All set, thank you!',
      paragraphs: ['You will get {lists} at {email}.'],
    },
    expired: {
      heading: 'This link has expired',
      paragraphs: [
        'A link to confirm is valid for fourteen days. Subscribe once more, and we will send you a new one.',
      ],
    },
    again: 'Subscribe once more',
    ended: {
      heading: 'This subscription was cancelled',
      paragraphs: [
        'It ended after this link was sent to you. If you have changed your mind, subscribe once more.',
      ],
    },
  },
  unsubscribe: {
    heading: 'Unsubscribe',
    one: 'Would you like to stop getting {lists} at {email}?',
    many: 'What would you like to stop getting at {email}?',
    button: 'Unsubscribe',
    everything: 'Stop everything',
    everythingNote: 'If you would rather not hear from us at all, from any newsletter:',
    noList: 'Please tick at least one newsletter.',
    left: {
      heading: 'You are unsubscribed',
      paragraphs: [
        '{email} will not get {lists} any more.',
        'A mail that has just left may still arrive.',
      ],
    },
    leftEverything: {
      heading: 'You are unsubscribed',
      paragraphs: [
        'We will not write to {email} any more.',
        'A mail that has just left may still arrive.',
      ],
    },
    undo: 'One click too many?',
    undoButton: 'Undo',
    undone: {
      heading: 'That is undone',
      active: 'We will keep sending {lists} to {email}.',
      waiting:
        'Still waiting for your confirmation: {lists}. Follow the link in the mail that we sent you for it.',
    },
    tooLate: {
      heading: 'Too late to undo',
      paragraphs: [
        'Nothing was changed: what you left can be taken back for half an hour only.',
        'You can choose anew what {email} gets.',
      ],
    },
    none: {
      heading: 'No subscription',
      paragraphs: ['{email} gets none of our newsletters.'],
    },
    already: {
      heading: 'This address already gets nothing',
      paragraphs: [
        'We have stopped writing to {email}, so there is nothing left to unsubscribe from.',
        'If you would like to get our newsletters again, write to us.',
      ],
    },
    oneClick: 'You are unsubscribed.',
  },
  preferences: {
    heading: 'Your preferences',
    intro: 'For the address {email}',
    lang: 'Email language',
    tracking: 'You may note under my name when I open your emails, and which links I follow',
    trackingNote:
      'Without it, this is only counted without a name. You can take it back here at any time: what was noted then loses your name.',
    save: 'Save',
    saved: 'Saved.',
    leftEverything: 'Saved: we will not write to {email} any more.',
  },
  stop: {
    heading: 'Send of {slug}',
    status: {
      scheduled: 'Scheduled',
      preparing: 'Preparing',
      running: 'Running',
      paused: 'Paused',
      done: 'Done',
      cancelled: 'Cancelled',
    },
    facts: { subject: 'Subject', lists: 'Lists', scheduled: 'Planned for', reason: 'Reason' },
    reasons: {
      operator: 'you asked for it',
      late: 'it was too late to start it without asking you',
    },
    counts: {
      total: 'Recipients',
      sent: 'Sent',
      remaining: 'Still waiting',
      failed: 'Failed',
      skipped: 'Skipped',
      uncertain: 'Uncertain',
      cancelled: 'Cancelled',
    },
    held: 'Nothing is sent from here at the moment: {reason}',
    pause: 'Pause the send',
    resume: 'Resume the send',
    cancel: 'Cancel the send…',
    refresh: 'Refresh the figures',
    sure: {
      heading: 'Cancel {slug} for good?',
      paragraphs: [
        'Still waiting for it: {remaining} of {total}. They will not get it, and this cannot be undone.',
        'What is being handed over at this moment still leaves.',
      ],
    },
    sureButton: 'Cancel for good',
    back: 'Back to the send',
  },
}
