"""The mailbox: e-mails out of files become submissions; replies are signals, bounces close an address."""
