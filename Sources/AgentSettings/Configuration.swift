package import Admission

/// The fate of a grant's file once the grant has ended.
package enum EndedFiles: String, Hashable, Sendable {
    case remove
    case keep
}

/// The policy file, read and found free of contradictions: `/etc/jitgate/jitgate.toml`.
///
/// Paths are absolute and carry no `.`, `..` or closing slash.
package struct Configuration: Hashable, Sendable {
    /// The bytes of a policy file, or of an allowed_signers file, that are read at most.
    package static let fileLimit = 1 << 20
    /// The longest file of revoked keys in bytes.
    package static let revokedKeysLimit = 8 << 20

    package var policy: Policy
    /// The times before their end at which sessions are warned of it, the longest first.
    package var sessionWarnings: [Duration]
    /// The name that grants know this host by; `nil` means the system's own.
    package var hostname: String?
    /// The labels that `label:` in a grant is matched with, by name.
    package var labels: [String: String] = [:]
    /// The drop directories; none lies inside another.
    package var grantDirectories: [String]
    package var allowedSigners: String
    /// The file of keys that count no more; `nil` if there is none.
    package var revokedKeys: String?
    package var endedFiles: EndedFiles
    /// The directories that bring offers; none overlaps with another directory of the policy.
    package var inboxes: [Inbox] = []
    package var auditDirectory: String
    /// Records of denied attempts a second, at most.
    package var deniedPerSecond: Int
    /// The bytes that records of strangers may take in a day.
    package var strangersPerDay: Int64
    /// The bytes that strangers leave free on the disk of the log.
    package var keepFree: Int64
    /// The NFLOG group that denied packets and first packets go to.
    package var logGroup: UInt16
    /// The size, or else the age, at which the log goes on in a new file.
    package var segmentSize: Int64
    package var segmentAge: Duration
    /// The time that old files of the log are kept; `nil` is for ever.
    package var retention: Duration?
    package var stateDirectory: String
    package var controlSocket: String
    /// The group that may read the control socket.
    package var controlGroup: String
}
