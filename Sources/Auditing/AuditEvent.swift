/// The kinds of event that the audit log knows (docs/PROTOCOL.audit, section 3).
package enum AuditEvent: String, Hashable, Sendable, CaseIterable {
    case agentStarted = "agent-started"
    case agentStopped = "agent-stopped"
    case policyLoaded = "policy-loaded"
    case policyRefused = "policy-refused"
    case modeChanged = "mode-changed"
    case grantAccepted = "grant-accepted"
    case grantRefused = "grant-refused"
    case offersRefused = "offers-refused"
    case grantOpened = "grant-opened"
    case breakGlassOpened = "break-glass-opened"
    case reviewAccepted = "review-accepted"
    case grantUsed = "grant-used"
    case grantClosed = "grant-closed"
    case drainEnded = "drain-ended"
    case attemptDenied = "attempt-denied"
    case attemptsSummary = "attempts-summary"
    case tamperDetected = "tamper-detected"
    case tamperRepaired = "tamper-repaired"
    case clockStepped = "clock-stepped"
    case clockAccepted = "clock-accepted"
    case hostChanged = "host-changed"
    case auditRekeyed = "audit-rekeyed"
    case revocationAccepted = "revocation-accepted"
    case barLifted = "bar-lifted"
    case bulletinAccepted = "bulletin-accepted"

    /// The journal's name for this kind of event, for ever; made once at random.
    package var messageID: String {
        switch self {
        case .agentStarted: "25ce08cdbf264e7a8d0a3153fc53119f"
        case .agentStopped: "b7226af748c048558b40b20a99beb63a"
        case .policyLoaded: "84867889b25041079c9d78169da5090c"
        case .policyRefused: "0a31630413aa4221af3eb212aaf3d31a"
        case .modeChanged: "c0b696794d1c4455bc36bb286e074cf3"
        case .grantAccepted: "6ba07ba3216840d4acf071ceab209140"
        case .grantRefused: "2fe2a36f17da4f3f9868945b1533aa6b"
        case .offersRefused: "4b31dc13cf1940bdb388cf4992499ef7"
        case .grantOpened: "2b66dad08f3f46a9832a17eebd379dec"
        case .breakGlassOpened: "ef731a7dcd2b4dfaba3921758e4f8f1c"
        case .reviewAccepted: "676a90d32c704f72a4de4b0a6a2c1d25"
        case .grantUsed: "1b6c58fa86d84a14b1991db6be510c4b"
        case .grantClosed: "e894a16db8164e41993e712587299981"
        case .drainEnded: "7eacdd43a3ca4871a2a05d2fc4cbd10b"
        case .attemptDenied: "c9b14e64288440e78f402ae2e1cf9c86"
        case .attemptsSummary: "451119a5f2204881adfd06a3b0dfb1e8"
        case .tamperDetected: "9c7d11f8c5144a3495032e6d780d1d03"
        case .tamperRepaired: "8037ddaadb3c4b09b52b073eaa90ad60"
        case .hostChanged: "7a74d14d1e9e43db8d541ae6c9663042"
        case .auditRekeyed: "9dfefbfdd5904263b0ff47309f653d58"
        case .revocationAccepted: "5de370258f3693aec773b59d75c98cb2"
        case .barLifted: "a869490953e8a33b9411db23ba368c45"
        case .bulletinAccepted: "a716af59822f4cfa818cf4e8c20bb01e"
        case .clockStepped: "60d3380fdcee4e95b22af52fb8be2bf2"
        case .clockAccepted: "21639f2cccf14098a2d6b439782953ae"
        }
    }

    /// The syslog priority: 1 alert, 3 error, 4 warning, 5 notice, 6 information.
    package var priority: Int {
        switch self {
        case .breakGlassOpened: 1
        case .policyRefused, .tamperDetected, .hostChanged: 3
        case .grantRefused, .offersRefused, .attemptDenied, .attemptsSummary, .clockStepped,
            .clockAccepted,
            .tamperRepaired:
            4
        case .grantAccepted, .grantOpened, .grantClosed, .modeChanged, .policyLoaded, .auditRekeyed,
            .reviewAccepted, .revocationAccepted, .barLifted, .bulletinAccepted:
            5
        case .agentStarted, .agentStopped, .grantUsed, .drainEnded: 6
        }
    }
}
