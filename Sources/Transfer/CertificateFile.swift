import CCurl

/// The file of a client certificate.
package enum CertificateFile {
    /// The end of the certificate in seconds since 1970; `nil` if the file cannot be read.
    package static func end(of path: String) -> Int64? {
        let seconds = unsafe jitgate_certificate_end(path)
        return seconds == 0 ? nil : seconds
    }
}
