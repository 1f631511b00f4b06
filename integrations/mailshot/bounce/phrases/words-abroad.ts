/** What mail systems write in one language, in single words: `composed.ts` puts them together. They may end within a word. */
export interface Words {
  /** Whom a mail is for, and where it goes. */
  users: readonly string[]
  senders: readonly string[]
  /** That there is nobody of that name, said before or behind it. */
  unknown: readonly string[]
  /** That there is no space left. */
  full: readonly string[]
}

/** By language. */
export const wordsAbroad: Readonly<Record<string, Words>> = {
  fr: {
    users: words('utilisateur, destinataire, adresse, compte, boite, usager, correspondant'),
    senders: words('expediteur, emetteur'),
    unknown: words(
      "inconnu, inexistant, n'existe, n existe, introuvable, invalide, incorrect, non trouve, pas trouve, errone, pas valide, supprime",
    ),
    full: words('plein, sature, quota, depasse, espace insuffisant'),
  },
  de: {
    users: words(
      'benutzer, empfanger, adresse, adressat, postfach, konto, anwender, mailadresse, emailadresse, mailbox',
    ),
    senders: words('absender'),
    unknown: words(
      'unbekannt, existiert nicht, existiert leider nicht, nicht bekannt, nicht gefunden, nicht vorhanden, gibt es nicht, ungultig, geloscht',
    ),
    full: words('voll, uberfullt, uberschritten, ueberschritten, erschopft, quota, zuviele mails'),
  },
  es: {
    users: words('usuario, destinatario, direccion, cuenta, buzon, casilla'),
    senders: words('remitente'),
    unknown: words(
      'desconocid, inexistente, no existe, no encontrad, no se encontro, no se encuentra, no se ha encontrado, no valid, no es valid, invalid, errone, incorrect, no registrad, eliminad',
    ),
    full: words('llen, cuota, sin espacio, excedid'),
  },
  pt: {
    users: words('usuario, utilizador, destinatario, endereco, conta, caixa'),
    senders: words('remetente'),
    unknown: words(
      'desconhecid, inexistente, nao existe, nao encontrad, nao foi encontrad, nao localizad, nao cadastrad, invalid, incorret, nao e valid',
    ),
    full: words('chei, lotad, cota, quota, excedid, excedeu, sem espaco'),
  },
  it: {
    users: words('utente, utilizzatore, destinatari, destin., indirizzo, casella'),
    senders: words('mittente'),
    unknown: words(
      'sconosciut, inesistent, non esist, non trovat, errat, non valid, non e valid, non presente, non riconosciut',
    ),
    full: words('pien, quota, superat, esaurit, spazio insufficiente'),
  },
  nl: {
    users: words(
      'gebruiker, ontvanger, adres, mailadres, emailadres, postvak, geadresseerde, postbus',
    ),
    senders: words('afzender'),
    unknown: words(
      'onbekend, bestaat niet, bestaat hier niet, niet gevonden, niet bekend, ongeldig',
    ),
    full: words('vol, quota, quotum, overschreden'),
  },
  nordic: {
    users: words(
      'anvandare, mottagare, adress, mailadress, postadress, brevlada, postlada, bruger, modtager, bruker, mottaker, postkasse, konto',
    ),
    senders: words('avsandare, afsender, avsender'),
    unknown: words(
      'okand, ukendt, ukjent, finns inte, hittades inte, existerar inte, findes ikke, finnes ikke, ikke fundet, ikke funnet, eksisterer ikke, ogiltig, ugyldig',
    ),
    full: words('full, fuld, overskred'),
  },
  fi: {
    users: words('kayttaja, vastaanottaja, osoite, sahkopostiosoite, postilaatikko, tili'),
    senders: words('lahettaja'),
    unknown: words('ei ole olemassa, ei loydy, ei loytynyt, tuntematon, ei tunneta, virheellinen'),
    full: words('taynna, ylittynyt'),
  },
  pl: {
    users: words('uzytkownik, odbiorc, adres, konto, konta, skrzynk'),
    senders: words('nadawc'),
    unknown: words(
      'nie istnieje, nie znalezion, nieznan, nieprawidlow, niepoprawn, bledny, nie ma takiego',
    ),
    full: words('peln, przepeln, przekroczon, miejsca'),
  },
  cs: {
    users: words('uzivatel, prijemce, prijemca, adresa, schrank, ucet'),
    senders: words('odesilatel, odosielatel'),
    unknown: words('neexistuje, neznam, nenalezen, nebyl nalezen, neplatn, nenajden'),
    full: words('pln, prekrocen, preplnen'),
  },
  hu: {
    users: words('felhasznalo, cimzett, postafiok, fiok, cim'),
    senders: words('felado'),
    unknown: words('nem letezik, ismeretlen, nem talalhato, ervenytelen'),
    full: words('megtelt, betelt, tullepte'),
  },
  ro: {
    users: words('utilizator, destinatar, adresa, cont, casuta'),
    senders: words('expeditor'),
    unknown: words('nu exista, necunoscut, inexistent, nu a fost gasit, invalid'),
    full: words('plin, depasit'),
  },
  tr: {
    users: words('kullanici, alici, adres, hesap, posta kutusu'),
    senders: words('gonderen, gonderici'),
    unknown: words('bulunamadi, bilinmiyor, gecersiz, mevcut degil, tanimsiz'),
    full: words('dolu, asti, asildi, yetersiz'),
  },
  ru: {
    users: words('пользовател, получател, адрес, ящик, абонент, аккаунт'),
    senders: words('отправител'),
    unknown: words(
      'не существу, не найден, неизвест, не зарегистр, не обнаруж, недействит, неверн, несуществ, нет такого, отсутству, удален',
    ),
    full: words('переполнен, заполнен, квот'),
  },
  uk: {
    users: words('користувач, отримувач, одержувач, адрес, скриньк'),
    senders: words('відправник'),
    unknown: words('не існу, не знайден, невідом, недійсн'),
    full: words('переповнен, квот'),
  },
  ja: {
    users: words('宛先, 受信者, ユーザ, アドレス, メールボックス, アカウント, 送信先'),
    senders: words('送信者, 送信元, 差出人'),
    unknown: words('存在しま, 存在しない, 見つかり, 見つから, 不明, 無効, 正しくありません, 間違'),
    full: words('一杯, いっぱい, 満杯, 容量, 上限'),
  },
  zh: {
    users: words('用户, 用戶, 收件人, 收信人, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 使用者, 地址'),
    senders: words('发件人, 发信人, 寄件'),
    unknown: words(
      '不存在, 未找到, 找不到, 无效, 無效, 错误, 有误, 未开通, 不正确, 未注册, 已注销, 无此',
    ),
    full: words('已满, 已滿, 空间不足, 容量, 超出'),
  },
  ko: {
    users: words('사용자, 수신자, 받는, 주소, 계정, 메일함, 편지함'),
    senders: words('발신자, 보낸'),
    unknown: words('존재하지, 찾을 수 없, 잘못, 올바르지, 유효하지'),
    full: words('가득, 용량, 초과'),
  },
}

function words(list: string): string[] {
  return list.split(', ')
}
