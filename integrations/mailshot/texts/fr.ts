import type { Texts } from '../texts.ts'

export const fr: Texts = {
  lang: 'fr',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Se désinscrire',
    preferences: 'Modifier vos préférences',
    view_in_browser: 'Voir dans le navigateur',
    why: 'Vous recevez ce message parce que l’adresse {{ email }} est inscrite à « {{ list_title }} ».',
  },
  letters: {
    confirmation: {
      subject: 'Confirmez votre inscription à {title}',
      intro: 'Vous, ou une personne utilisant votre adresse, avez demandé à recevoir {lists}.',
      button: 'Confirmer mon inscription',
      ignore:
        'Si ce n’était pas vous, ne faites rien : sans cette confirmation, vous ne recevrez plus de message de notre part.',
      expires: 'Le lien est valable jusqu’au {date}.',
    },
    welcome: {
      subject: 'Bienvenue à {title}',
      intro: 'Votre inscription à {lists} est faite. Merci, et à bientôt.',
      leave:
        'Vous pouvez changer d’avis à tout moment : chaque message se termine par un lien de désinscription.',
    },
    goodbye: {
      subject: 'Votre désinscription de {title} est faite',
      intro: 'Vous ne recevrez plus de message de {lists}.',
      back: 'C’était une erreur ? Vous pouvez vous réinscrire sur {url}.',
    },
  },
  alarms: {
    started: {
      subject: 'Envoi commencé : {slug}, {total} destinataires',
      paragraphs: ['L’envoi de {slug} à {lists} a commencé : {total} destinataires.'],
      button: 'Suspendre ou arrêter cet envoi',
      commands:
        'Ou par une commande, pour le suspendre : mailshot pause {id}\nPour l’arrêter définitivement : mailshot cancel {id}',
    },
    held: {
      subject: 'Envoi retenu : {slug}, prévu le {scheduled}',
      paragraphs: [
        'L’envoi de {slug} à {lists} était prévu le {scheduled}. Aucun processus d’envoi ne tournait alors, et il est trop tard pour le lancer sans vous le demander.',
      ],
      button: 'Lancer cet envoi, ou y renoncer',
      commands:
        'Ou par une commande, pour le lancer maintenant : mailshot resume {id}\nPour y renoncer : mailshot cancel {id}',
    },
    paused: {
      subject: 'Envoi suspendu : {slug}',
      paragraphs: [
        'L’envoi de {slug} à {lists} s’est suspendu de lui-même : {reason}',
        '{sent} personnes sur {total} l’ont reçu. Personne n’est oublié : une fois la cause réparée, le reste suivra.',
      ],
      button: 'Reprendre cet envoi',
      commands: 'Ou par une commande : mailshot resume {id}',
    },
    done: {
      subject: 'Envoi terminé : {slug}, {sent} envoyés',
      paragraphs: [
        'L’envoi de {slug} à {lists} est terminé : {sent} envoyés, {failed} en échec, {skipped} écartés, {uncertain} incertains, sur {total}.',
      ],
      button: 'Voir cet envoi',
      commands: 'Qui l’a reçu, qui ne l’a pas reçu et pourquoi : mailshot recipients {id}',
    },
  },
  pages: {
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
      wrongEmail: 'Cette adresse semble incomplète. Elle s’écrit comme camille@exemple.fr.',
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
      everythingNote: 'Nous n’écrirons plus du tout à cette adresse, quelle que soit la lettre.',
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
        heading: 'Votre inscription est rétablie',
        paragraphs: ['L’adresse {email} reçoit {lists} comme avant.'],
      },
      none: {
        heading: 'Aucune inscription',
        paragraphs: ['L’adresse {email} ne reçoit aucune de nos lettres.'],
      },
      oneClick: 'Votre désinscription est faite.',
    },
    preferences: {
      heading: 'Vos préférences',
      intro: 'Pour l’adresse {email}',
      lang: 'Langue de nos messages',
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
      cancel: 'Annuler l’envoi…',
      refresh: 'Actualiser les chiffres',
      sure: {
        heading: 'Annuler définitivement {slug} ?',
        paragraphs: [
          'L’attendent encore : {remaining} sur {total}. Ces personnes ne le recevront pas, sans retour possible.',
          'Ce qui est en train d’être remis en ce moment partira encore.',
        ],
      },
      sureButton: 'Annuler définitivement',
      back: 'Ne pas annuler',
    },
  },
  archive: {
    heading: 'Nos lettres',
    intro: 'Ce que {title} a envoyé à ses lecteurs, en commençant par le plus récent.',
    empty: {
      heading: 'Rien n’a encore été envoyé',
      paragraphs: ['La première lettre se lira ici dès son envoi. Le mieux est de s’y inscrire.'],
    },
    older: 'Lettres plus anciennes',
    newest: 'Retour aux plus récentes',
    all: 'Toutes les lettres',
    sent: 'Envoyée le {date}',
    read: 'Lire en français',
    alone: 'Ouvrir la lettre en pleine page',
    feed: 'Suivre par flux RSS',
    next: {
      heading: 'Et la prochaine ?',
      text: 'Recevez-la par e-mail, et partez quand vous voulez, en un clic.',
      button: 'S’inscrire',
    },
    unknown: {
      heading: 'Cette lettre n’est pas ici',
      paragraphs: [
        'L’adresse est peut-être incomplète, ou la lettre n’est pas de celles que tout le monde peut lire.',
        'Si vous l’avez reçue par e-mail, le lien « Voir dans le navigateur » de ce message vous la montrera.',
      ],
    },
    test: {
      heading: 'C’était un message d’essai',
      paragraphs: [
        'Un essai n’est pas conservé : il n’y a rien à montrer ici. Une fois la lettre vraiment envoyée, ce lien ouvre, pour chaque personne, le message qu’elle a reçu.',
      ],
    },
    gone: {
      heading: 'Ce message n’est plus conservé',
      paragraphs: [
        'La personne à qui il était adressé n’est plus inscrite chez nous, et ses données ont été effacées.',
        'Si la lettre était publique, vous la trouverez parmi toutes celles que nous avons envoyées.',
      ],
    },
  },
}
