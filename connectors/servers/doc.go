// Package servers runs real third-party servers as processes on free ports of
// the loopback interface: an OpenSSH sshd, a Versity S3 gateway, and the FTP
// servers vsftpd, ProFTPD (also with SFTP) and pure-ftpd. The conformance suite,
// the end-to-end tests and the demo talk to them.
//
// Each server keeps everything it needs (keys, configuration, data, log) below a
// folder that the caller gives and owns. It ends with Stop, with the context
// that it was started with, or with this process, whichever comes first: a
// killed process leaves no server behind on Linux.
package servers
