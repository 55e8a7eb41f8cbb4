"""What machines write in mail: senders, headers, subjects and phrases by which their mail is told from people's."""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.MULTILINE)


# Addresses and names that only mail systems use; a postmaster may also be a person and needs a second sign.
DAEMON_ADDRESS = _any(r"^mailer[-_. ]?daemon(@|$)", r"^mail[-_. ]?delivery[-_. ](sub)?system@", r"^double-bounce@")
DAEMON_NAME = _any(
    r"^\"?mail delivery (sub)?system",
    r"^\"?mailer[- ]daemon",
    r"^\"?mail administrator\b",
    r"^microsoft (outlook|exchange)$",
)
POSTMASTER_ADDRESS = _any(r"^post[-_.]?master(@|$)")
UNATTENDED_ADDRESS = _any(r"^(sys(tem[-_.]?)?)?admin(istrator)?@", r"^no[-_.]?reply\b", r"^bounces?\b")
NO_REPLY_ADDRESS = _any(
    r"^(no|do[-_.]?not|dont|ne[-_.]pas|nicht|keine)[-_.]?(reply|respond|repondre|antworten|antwort)\b",
    r"^noreply",
    r"^nobody@",
)

# Subjects of non-delivery, delay and delivery reports.
BOUNCE_SUBJECT = _any(
    r"^(mail |message )?deliver(y|ed)?[ :]+(status|fail|has failed|delayed|error|report|problem)",
    r"^delivery status notification",
    r"^(mail )?delivery (notification|failed|failure|has failed|report)",
    r"\bmail delivery (failed|failure|error|status|problem|delayed)",
    r"^(failed|failure|returned|undeliverable|undelivered|rejected)\b.*\b(mail|message|delivery|notice|e-?mail)",
    r"^(undeliverable|undelivered|undeliverable mail|unzustellbar|nicht zustellbar|non remis|no se puede entregar)\s*:",
    r"^failure notice",
    r"^\[bounce\]",
    r"^fail(ure|ed) (to )?deliver(y)?",
    r"^returned (e-?)?mail\b",
    r"^mail (system )?error\b",
    r"^mail (failed|failure|could not be delivered|delivery)",
    r"^message delivery (has )?(failed|delayed|failure|notification)",
    r"^(e-?mail )?bounce notification$",
    r"^email (bounce|delivery error)",
    r"^warning: (could not send )?message\b.*(delayed|past|hours|days)",
    r"^there was an error sending your mail",
    r"^delayed mail\b",
    r"^postfix smtp server: errors from",
    r"^(aviso|notificación) de (no )?entrega",
    r"^échec de (la )?remise",
    r"^unzustellbare (nachricht|mail)",
    r"^ваше сообщение не доставлено",
    r"^недоставленное сообщение",
    r"^(メール|メッセージ)(エラー|システムエラー|を?配[送信])",
    r"^配信(不能|エラー)",
    r"^退信",
    r"^系统退信",
    r"^loop alert\b",
    r"^you \S+ are not member\b",
    r"^\S+ mail delivery failed\b",
)

# Sentences of free-form reports; they count only beside a returned mail or a system's sender.
BOUNCE_PHRASE = _any(
    r"could not be delivered",
    r"(was|were|been) (not|undeliver\w*|un\w+ to) deliver",
    r"undeliverable",
    r"delivery (to the following|has) ",
    r"permanent (fatal )?(error|failure)",
    r"\b5\d\d[ -]5\.\d{1,3}\.\d{1,3}\b",
    r"user unknown",
    r"mailbox (is )?(full|unavailable)",
    r"did not reach the following recipient",
    r"error:? invalid user address",
    r"no such user",
    r"returned to sender",
    r"送信できませんでした",
    r"配信できませんでした",
    r"届けることができません",
    r"無法投遞|无法投递|退信",
)
RETURNED_COPY = re.compile(
    r"below this line is a copy|\b(original|bounced|returned|rejected) (e-?mail|message)\b"
    r"|\bcopy of (the|your) message|\bunsent message|^[- ]*+message header|\bheader (lines )?follow",
    re.IGNORECASE | re.MULTILINE,
)
RETURNED_ID = re.compile(r"^[ \t>]*Message-ID:\s*<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE)
JSON_NOTICE = re.compile(r"(?:notificationType|eventType)\W{3,8}(Bounce|Complaint|DeliveryDelay|Delivery|Reject)\b")
JSON_MESSAGE_ID = re.compile(r"messageId\W{3,10}([\w@.+-]+)|Message-ID\W+value\W+<([^<>\s]+)>", re.IGNORECASE)

MACHINE_REPORT = _any(
    r"^[ \t>]*(final-recipient|diagnostic-code|reporting-mta):",
    r"transcript of session follows",
    r"created automatically by mail delivery software",
    r"\brcpt to:",
    r"^error message",
    r"\b5\d\d[ -]#?5\.\d{1,3}\.\d{1,3}\b",
)

COMPLAINT_SUBJECT = _any(
    r"^complaint about message from\b", r"^(abuse|spam|email abuse) (report|complaint)\b", r"^email feedback report\b"
)

# Subjects that vacation programs and answering machines set, in the languages they speak.
AUTO_REPLY_SUBJECT = _any(
    r"^auto(matic|mated)?[- ]?(re(ply|sponse|sponder)|answer)\s*[:：(\[-]",
    r"^auto\s*:",
    r"^\[?auto[- ]?re(ply|sponse)\]?\s*[:：]",
    r"^(i am |i'm )?out of (the )?office\s*($|[:：(\[-]|auto|re\b|notification)",
    r"^vacation (reply|response|notification|message)\b",
    r"^(abwesenheits(notiz|assistent|meldung|nachricht)?|automatische antwort|autom\. antwort)\b",
    r"^(réponse automatique|reponse automatique|absence du bureau|absent du bureau)\b",
    r"^(respuesta automática|respuesta automatica|fuera de (la )?oficina)\b",
    r"^(resposta automática|resposta automatica|ausência temporária)\b",
    r"^(risposta automatica|fuori (sede|ufficio))\b",
    r"^(automatisch antwoord|(afwezig(heid)?|niet aanwezig)\s*($|[:：]))",
    r"^(autosvar|automatiskt? svar|automaattinen vastaus|(poissaolo|fravær)\s*($|[:：]))",
    r"^(automatyczna odpowiedź|odpowiedź automatyczna|poza biurem)\b",
    r"^(automatická odpověď|automatikus válasz|otomatik yanıt|răspuns automat)\b",
    r"^(автоответ|автоматический ответ|автоматична відповідь)",
    r"^(自動(返信|応答|回答)|自动(回复|答复)|自動回覆|자동 ?(회신|응답|답장))",
    r"^(תגובה אוטומטית|رد تلقائي|الرد التلقائي)",
)

# Header lines that answering machines set; a value pattern that must be found in the header's value.
AUTO_REPLY_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("X-Autoreply", _any(r"^(?!no\b)")),
    ("X-Autorespond", _any(r"^(?!no\b)")),
    ("X-Autoresponder", _any(r"^(?!no\b)")),
    ("X-Auto-Reply", _any(r"^(?!no\b)")),
    ("X-AutoReply-From", _any(r".")),
    ("X-Mail-Autoreply", _any(r".")),
    ("X-Vacation", _any(r".")),
    ("X-Apple-Action", _any(r"vacation")),
    ("X-FC-MachineGenerated", _any(r"true")),
    ("X-POST-MessageClass", _any(r"autoresponder")),
    ("Delivered-To", _any(r"^autoresponder$")),
    ("Precedence", _any(r"auto[-_]?reply")),
    ("X-Precedence", _any(r"auto[-_]?reply")),
    ("X-Mailer", _any(r"vacation", r"autorespond")),
)

# A person may well have written these, but no machine may answer them (RFC 3834, section 2).
QUIET_HEADERS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("List-Id", _any(r"."), "it came through a mailing list"),
    ("List-Post", _any(r"."), "it came through a mailing list"),
    ("Mailing-List", _any(r"."), "it came through a mailing list"),
    ("X-Mailing-List", _any(r"."), "it came through a mailing list"),
    ("List-Unsubscribe", _any(r"."), "it was sent to many"),
    ("Precedence", _any(r"bulk", r"junk", r"list"), "it was sent to many"),
    ("X-Auto-Response-Suppress", _any(r"\ball\b", r"\boof\b", r"autoreply"), "its sender asks for no automatic answer"),
)
