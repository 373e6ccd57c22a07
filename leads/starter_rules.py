"""The hygiene rules that ship with the product; an admin changes their action and terms."""

ROLE_PREFIXES = ["abuse", "accounting", "accounts", "admin", "administrator", "billing", "careers", "compliance", "contact", "customerservice", "enquiries", "enquiry", "feedback", "finance", "hello", "help", "helpdesk", "hostmaster", "hr", "info", "inquiries", "inquiry", "invoice", "it", "jobs", "legal", "mail", "mailer-daemon", "marketing", "media", "news", "newsletter", "no-reply", "noreply", "office", "orders", "payments", "postmaster", "pr", "press", "privacy", "purchasing", "recruiting", "reception", "root", "sales", "security", "service", "services", "shop", "spam", "support", "sysadmin", "team", "tech", "unsubscribe", "webmaster", "welcome"]

STARTER_HYGIENE = [
    ("unidentified", "A submission must say who it is: e-mail, phone or the sender's own id.", "refuse", []),
    ("own_employee", "Addresses of our own company are not leads.", "quarantine", []),
    ("disposable", "Throw-away e-mail addresses wait for a look.", "quarantine", []),
    ("competitor", "Competitors are kept away from sales.", "quarantine", []),
    ("student", "Students and school addresses wait for a look.", "quarantine", []),
    (
        "spam",
        "Phrases and link piles of spam wait for a look.",
        "quarantine",
        ["seo services", "guest post", "backlinks", "crypto investment", "casino", "viagra", "cheap loans",
         "rank your website", "web design services", "increase your traffic"],
    ),
    (
        "test_data",
        "Test entries wait for a look.",
        "quarantine",
        ["test", "testing", "asdf", "asdfasdf", "qwerty", "foo", "foobar", "tester", "xxx", "dummy"],
    ),
    ("role_account", "Shared mailboxes are flagged, not stopped.", "flag", ROLE_PREFIXES),
    ("free_mail", "Free mail providers are flagged, not stopped.", "flag", []),
]  # fmt: skip
"""(code, sentence, action, terms), in the order they are asked."""
