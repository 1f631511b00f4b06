import type { PageTexts } from '../../texts.ts'

export const pages: PageTexts = {
  quote: '« {title} »',
  optional: 'facultatif',
  mistake: 'À corriger',
  mistakes: 'Presque ! Il reste à corriger :',
  languages: 'Cette page dans d’autres langues',
  pending: 'en attente de votre confirmation',
  links: {
    subscribe: 'S’inscrire',
    preferences: 'Modifier mes préférences',
    write: 'Nous écrire',
  },
  lost: {
    heading: 'Ce lien ne fonctionne pas',
    paragraphs: [
      'Il est sans doute incomplet : certaines messageries coupent les longs liens. Rien n’a été changé.',
      'Revenez au message d’où vous venez et cliquez de nouveau, ou copiez le lien en entier dans la barre d’adresse. Si rien n’y fait, écrivez-nous : nous nous en chargerons, y compris pour vous désinscrire.',
    ],
  },
  test: {
    heading: 'C’était un message d’essai',
    paragraphs: ['Il n’est lié à aucune inscription : il n’y a rien à changer ici.'],
  },
  gone: {
    heading: 'Nous ne connaissons plus cette adresse',
    paragraphs: ['Ses inscriptions ont été effacées, et elle ne reçoit plus rien de nous.'],
  },
  refusals: {
    noForm: {
      heading: 'Ce n’est pas un formulaire de cette page',
      paragraphs: ['Rien n’a été changé. Ouvrez la page, et utilisez son bouton.'],
    },
    tooLarge: {
      heading: 'C’est plus que ce formulaire ne peut recevoir',
      paragraphs: [
        'Rien n’a été changé. Revenez en arrière, raccourcissez votre texte, et envoyez-le de nouveau.',
      ],
    },
    foreignForm: {
      heading: 'Ce formulaire vient d’un autre site',
      paragraphs: [
        'Il n’a pas été envoyé depuis {site} : rien n’a été changé. Ouvrez la page sur ce site, et envoyez-le de nouveau.',
      ],
    },
    wrongMethod: {
      heading: 'Cette adresse ne s’utilise pas ainsi',
      paragraphs: ['Elle ne répond qu’à {allow}. Rien n’a été changé.'],
    },
    broken: {
      heading: 'Quelque chose est en panne chez nous',
      paragraphs: [
        'Rien n’a été changé. Réessayez dans une minute.',
        'Si cela se reproduit, écrivez-nous : nous nous en chargerons, y compris pour vous désinscrire.',
      ],
    },
  },
  blocked: {
    heading: 'Cette adresse ne reçoit plus rien de nous',
    paragraphs: [
      'Nous avons cessé d’écrire à {email}, parce qu’on nous l’a demandé, ou parce qu’un message a été signalé comme indésirable.',
      'Si vous souhaitez recevoir de nouveau nos lettres, écrivez-nous : nous les laisserons passer.',
    ],
  },
  bounced: {
    heading: 'Nos messages nous sont revenus',
    paragraphs: [
      'La messagerie de {email} a refusé nos derniers messages, et nous avons cessé d’écrire.',
      'Si cette boîte fonctionne de nouveau, inscrivez-vous encore une fois : nous vous enverrons un lien pour en être sûrs.',
    ],
  },
  form: {
    choose: 'Je souhaite recevoir',
    one: 'Je souhaite recevoir {lists}.',
    email: 'Adresse e-mail',
    name: 'Nom',
    note: 'Chaque message contient un lien pour se désinscrire d’un clic.',
    button: 'M’inscrire',
    noEmail: 'Indiquez votre adresse e-mail.',
    wrongEmail:
      'Nous ne pouvons pas écrire à cette adresse : vérifiez-la (une seule adresse, sans accent avant le @).',
    noList: 'Choisissez au moins une lettre.',
  },
  subscribe: {
    heading: 'Recevez nos nouvelles par e-mail',
    intro: 'Choisissez ce que vous aimeriez lire, et dites-nous où vous l’envoyer.',
    asked: {
      heading: 'Regardez dans votre boîte de réception',
      paragraphs: [
        'Si votre inscription reste à confirmer, un message vient de partir vers l’adresse indiquée. Suivez le lien qu’il contient, et c’est fait.',
        'Rien au bout de quelques minutes ? Regardez parmi les indésirables. Si l’adresse était déjà inscrite, il n’y a rien à confirmer, et elle le reste.',
      ],
    },
    again: 'Corriger l’adresse',
    closed: {
      heading: 'Pas d’inscription pour le moment',
      paragraphs: ['Aucune de nos lettres n’est ouverte aux inscriptions en ce moment.'],
    },
  },
  confirm: {
    ready: {
      heading: 'Confirmez votre inscription',
      paragraphs: [
        'Encore un clic, et vous recevrez {lists} à l’adresse {email}.',
        'Vous n’avez rien demandé ? Fermez cette page, et rien ne vous sera envoyé.',
      ],
    },
    button: 'Confirmer mon inscription',
    confirmed: {
      heading: 'C’est confirmé, merci !',
      paragraphs: ['Vous recevrez {lists} à l’adresse {email}.'],
    },
    expired: {
      heading: 'Ce lien a expiré',
      paragraphs: [
        'Un lien de confirmation est valable quatorze jours. Inscrivez-vous de nouveau, et nous vous en enverrons un autre.',
      ],
    },
    again: 'S’inscrire de nouveau',
    ended: {
      heading: 'Cette inscription a été annulée',
      paragraphs: [
        'Elle a pris fin après l’envoi de ce lien. Si vous avez changé d’avis, inscrivez-vous de nouveau.',
      ],
    },
  },
  unsubscribe: {
    heading: 'Se désinscrire',
    one: 'Souhaitez-vous ne plus recevoir {lists} à l’adresse {email} ?',
    many: 'Que souhaitez-vous ne plus recevoir à l’adresse {email} ?',
    button: 'Me désinscrire',
    everything: 'Ne plus rien recevoir',
    everythingNote:
      'Pour ne plus recevoir aucun message de notre part, ni maintenant ni plus tard :',
    noList: 'Cochez au moins une lettre.',
    left: {
      heading: 'Votre désinscription est faite',
      paragraphs: [
        'L’adresse {email} ne recevra plus {lists}.',
        'Un message parti à l’instant peut encore arriver.',
      ],
    },
    leftEverything: {
      heading: 'Votre désinscription est faite',
      paragraphs: [
        'Nous n’écrirons plus à l’adresse {email}.',
        'Un message parti à l’instant peut encore arriver.',
      ],
    },
    undo: 'Un clic de trop ?',
    undoButton: 'Annuler ma désinscription',
    undone: {
      heading: 'Votre désinscription est annulée',
      active: 'L’adresse {email} reçoit {lists} comme avant.',
      waiting:
        'En attente de votre confirmation : {lists}. Suivez le lien du message que nous vous avons envoyé pour cela.',
    },
    tooLate: {
      heading: 'Trop tard pour annuler',
      paragraphs: [
        'Rien n’a été changé : une désinscription ne s’annule que pendant une demi-heure.',
        'Vous pouvez choisir de nouveau ce que reçoit l’adresse {email}.',
      ],
    },
    none: {
      heading: 'Aucune inscription',
      paragraphs: ['L’adresse {email} ne reçoit aucune de nos lettres.'],
    },
    already: {
      heading: 'Cette adresse ne reçoit déjà plus rien',
      paragraphs: [
        'Nous avons cessé d’écrire à {email} : il n’y a plus rien dont se désinscrire.',
        'Si vous souhaitez recevoir de nouveau nos lettres, écrivez-nous.',
      ],
    },
    oneClick: 'Votre désinscription est faite.',
  },
  preferences: {
    heading: 'Vos préférences',
    intro: 'Pour l’adresse {email}',
    lang: 'Langue de nos messages',
    tracking: 'Vous pouvez noter à mon nom quand j’ouvre vos messages et quels liens j’y suis',
    trackingNote:
      'Sinon, cela n’est compté que sans nom. Vous pouvez revenir là-dessus ici à tout moment : ce qui a été noté perd alors votre nom.',
    save: 'Enregistrer',
    saved: 'C’est enregistré.',
    leftEverything: 'C’est enregistré : nous n’écrirons plus à l’adresse {email}.',
  },
  stop: {
    heading: 'Envoi de {slug}',
    status: {
      scheduled: 'Programmé',
      preparing: 'En préparation',
      running: 'En cours',
      paused: 'Suspendu',
      done: 'Terminé',
      cancelled: 'Annulé',
    },
    facts: { subject: 'Objet', lists: 'Listes', scheduled: 'Prévu le', reason: 'Raison' },
    reasons: {
      operator: 'vous l’avez demandé',
      late: 'il était trop tard pour le lancer sans vous le demander',
    },
    counts: {
      total: 'Destinataires',
      sent: 'Envoyés',
      remaining: 'En attente',
      failed: 'En échec',
      skipped: 'Écartés',
      uncertain: 'Incertains',
      cancelled: 'Annulés',
    },
    held: 'Rien ne part d’ici pour le moment : {reason}',
    pause: 'Suspendre l’envoi',
    resume: 'Reprendre l’envoi',
    cancel: 'Arrêter l’envoi…',
    refresh: 'Actualiser les chiffres',
    sure: {
      heading: 'Arrêter définitivement {slug} ?',
      paragraphs: [
        'L’attendent encore : {remaining} sur {total}. Ces personnes ne le recevront pas, sans retour possible.',
        'Ce qui est en train d’être remis en ce moment partira encore.',
      ],
    },
    sureButton: 'Arrêter définitivement',
    back: 'Revenir à l’envoi',
  },
}
