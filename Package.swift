// swift-tools-version: 6.3
// Targets stand in the order of the flow: a grant comes in at `Linux`, is checked by
// `Signatures`, `Grants` and `Admission`, waits in `Lifecycle`, is written down by `Recording`
// and goes out as a rule through `Enforcement` and `Netfilter`. docs/ARCHITECTURE.md has the law
// of who may import whom; scripts/check-imports enforces what this manifest cannot.
import PackageDescription

/// What every target of ours is built with; warnings are errors.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335: `any` is written out
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409: a leak of a dependency shows
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444: members come from named imports
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461: async stays on its caller
    .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
    .strictMemorySafety(),  // SE-0458: every unsafe expression is written as such
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// A target of the core: no I/O, no clock, no globals, nothing unsafe.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

/// A target at the edge: system calls and C, values in and values out.
func edge(
    _ name: String,
    _ dependencies: [Target.Dependency],
    resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: house)
}

/// The tests of one module.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

let package = Package(
    name: "jitgate",
    products: [
        .executable(name: "jitgated", targets: ["jitgated"]),
        .executable(name: "jitgate", targets: ["jitgate"]),
        .executable(name: "jitgate-fetch", targets: ["jitgate-fetch"]),
        .executable(name: "jitgate-fleet", targets: ["jitgate-fleet"]),
        .executable(name: "jitgate-hub", targets: ["jitgate-hub"]),
        // For the tests: loaded into the agent, which has no switch for what it does.
        .library(name: "faults", type: .dynamic, targets: ["CFaults"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: core
        core("StrictJSON"),  // I-JSON with positions, read and written
        core("StrictTOML", ["StrictJSON"]),  // TOML 1.0 with the place of each value
        core("Grants", ["StrictJSON"]),  // what a grant says
        core("Conditions", ["Grants", "StrictJSON"]),  // what can be wrong with a host
        core("Signatures", ["StrictJSON", "Grants", crypto, cryptoExtras]),  // who said it
        core("Admission", ["Grants", "Signatures"]),  // whether it may
        core("Scheduling", ["Grants"]),  // what time it is
        core("Lifecycle", ["Grants", "Scheduling"]),  // when it holds, and what is due
        core("Transparency", ["Grants", crypto]),  // the tree of a log, signed, and its proofs
        // records, and what they add up to
        core("Auditing", ["Grants", "Scheduling", "Transparency", "StrictJSON", crypto]),
        // the policy file
        core("AgentSettings", ["StrictJSON", "StrictTOML", "Grants", "Admission"]),
        core(  // whether a log, or a record of it, is what was signed
            "Verifying",
            [
                "StrictJSON", "Grants", "Signatures", "Admission", "Transparency", "Auditing",
                "AgentSettings",
            ]
        ),
        // HTML and SVG that no text can break out of
        core("HTMLWriter", ["Grants", "StrictJSON"]),
        // what the log says, for auditors
        core("Reporting", ["Auditing", "Grants", "HTMLWriter"]),
        core("Depot", ["Grants", "StrictJSON", "Conditions"]),  // where hosts look for signed files
        // what a host tells its fleet, and what a witness makes of it
        core("Attestation", ["StrictJSON", "Grants", "Conditions", "Admission", "Transparency"]),
        // the hosts of a fleet, by the statuses that they signed
        core(
            "Posture",
            ["Admission", "Attestation", "Conditions", "Depot", "Grants", "Transparency"]
        ),
        // signed files, as publishers list them
        core("Offers", ["Admission", "Depot", "Grants", "Signatures"]),
        core("FetchSettings", ["Depot", "Grants", "StrictTOML"]),  // the file fetch.toml

        .target(  // the page that takes the signature of a passkey, and what it is told and answers
            name: "ApprovalPage",
            dependencies: ["StrictJSON", "Grants", "Signatures"],
            resources: [.embedInCode("approval.html")],
            swiftSettings: house
        ),

        // MARK: edges
        .systemLibrary(
            name: "CNetfilter",
            pkgConfig: "libnftnl",
            providers: [.apt(["libnftnl-dev", "libmnl-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev", "libssl-dev"])]
        ),
        .target(name: "CLinux"),  // what the Glibc module cannot import
        edge("Linux", ["CLinux", "Grants", system]),  // inotify, timerfd, sockets
        edge("Netlink", ["CNetfilter", system]),  // one socket, every answer read
        edge("Netfilter", ["CNetfilter", "Netlink", system]),  // nftables as values
        // what the rules of other tools do with a packet
        edge("RuleTrace", ["CNetfilter", "Netfilter", "Netlink", system]),
        edge("Connections", ["CNetfilter", "Netlink", "Grants", system]),  // who came
        // records on to the disk
        edge("Recording", ["Auditing", "Transparency", "Grants", "CLinux", "Linux", system]),
        // the gate: desired minus observed
        edge("Enforcement", ["CNetfilter", "Grants", "Netfilter", "Netlink", "RuleTrace", system]),
        edge("Varlink", ["StrictJSON", "Linux", system]),  // both ends of it
        // the methods of the agent, each declared once
        edge(
            "AgentInterface",
            ["Varlink", "StrictJSON", "Conditions", "Grants", "Admission", system]
        ),
        // one page for one use, on loopback
        edge("LoopbackHTTP", ["CLinux", "Linux", system]),
        // requests to a depot, within bounds
        edge("Transfer", ["CCurl", "FetchSettings", "Grants"]),

        // MARK: agent
        edge(
            "Agent",
            [
                "Grants", "Signatures", "Admission", "Scheduling", "Lifecycle", "Transparency",
                "Auditing", "AgentSettings", "Linux", "Recording", "Netfilter", "RuleTrace",
                "Enforcement",
                "Conditions", "Connections", "Varlink", "AgentInterface", "Attestation",
                "Depot", system,
            ]
        ),
        .executableTarget(
            name: "jitgated",
            dependencies: ["Agent", argumentParser],
            swiftSettings: house
        ),

        // MARK: tools
        .target(  // policies of Azure's just-in-time access
            name: "AzureImport",
            dependencies: ["StrictJSON", "StrictTOML", "Grants"],
            swiftSettings: house
        ),
        edge(  // the checks of a host
            "Diagnosis",
            [
                "StrictJSON", "Conditions", "Grants", "Signatures", "Admission", "Auditing",
                "AgentSettings", "Linux", "Recording", "AgentInterface", "Depot", system,
            ]
        ),
        edge(  // what the command lines of all tools share
            "CommandSupport",
            ["Grants", "Linux", "Signatures", "StrictJSON", "StrictTOML", argumentParser, system]
        ),
        edge(  // a log on the disk, as its auditors read it
            "AuditFiles",
            [
                "CommandSupport", "StrictJSON", "Grants", "Admission", "Transparency", "Auditing",
                "AgentSettings", "Verifying", "Reporting", "Linux", "Recording", system,
            ]
        ),
        .target(
            name: "Commands",
            dependencies: [
                "AuditFiles", "CommandSupport", "StrictJSON", "StrictTOML", "Grants", "Signatures",
                "Admission", "Transparency", "Auditing",
                "AgentSettings", "Verifying", "Reporting", "ApprovalPage", "AzureImport", "Linux",
                "Recording", "Varlink", "AgentInterface", "Conditions", "Diagnosis", "LoopbackHTTP",
                argumentParser, system,
            ],
            swiftSettings: house
        ),
        .executableTarget(name: "jitgate", dependencies: ["Commands"], swiftSettings: house),

        // MARK: carrier
        edge(
            "Fetching",
            [
                "Depot", "FetchSettings", "Grants", "Linux", "StrictJSON", "Transfer", "Varlink",
                system,
            ]
        ),
        .executableTarget(
            name: "jitgate-fetch",
            dependencies: ["Fetching"],
            swiftSettings: house
        ),

        // MARK: fleet
        edge(  // the checks of a robot, and its verdict from their answers
            "Robot",
            ["Grants", "Linux", "Signatures", "StrictJSON", system]
        ),
        edge(  // what the token of a job proves
            "WorkloadIdentity",
            ["Admission", "Grants", "StrictJSON", .product(name: "JWTKit", package: "jwt-kit")]
        ),
        edge(  // signed files on to the shelves of a depot
            "Publishing",
            [
                "CommandSupport", "Depot", "FetchSettings", "Grants", "Linux", "Offers", "Transfer",
                system,
            ]
        ),
        .target(
            name: "FleetCommands",
            dependencies: [
                "AuditFiles", "CommandSupport", "StrictJSON", "Grants", "Conditions", "Signatures",
                "Admission", "Transparency", "Auditing", "Attestation", "Depot", "Offers",
                "Posture", "Publishing", "Reporting", "Requests", "Robot", "FetchSettings", "Linux",
                "Transfer", "WorkloadIdentity", argumentParser, system,
            ],
            swiftSettings: house
        ),
        .executableTarget(
            name: "jitgate-fleet",
            dependencies: ["FleetCommands"],
            swiftSettings: house
        ),

        // MARK: hub
        // the file hub.toml
        core("HubSettings", ["FetchSettings", "Grants", "StrictTOML"]),
        core(  // what people ask for, and what hosts would make of it
            "Requests",
            [
                "Admission", "Attestation", "Depot", "Grants", "Offers", "Posture", "Signatures",
                "StrictJSON",
            ]
        ),
        .target(  // the pages that people see
            name: "HubPages",
            dependencies: ["Conditions", "Depot", "Grants", "HTMLWriter", "Posture", "Requests"],
            resources: [
                .embedInCode("style.css"), .embedInCode("live.js"), .embedInCode("icon.svg"),
            ],
            swiftSettings: house
        ),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        edge(  // one store, two engines
            "HubStorage",
            ["CPostgres", "Grants", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        edge(  // routes, sessions, the depot and the log
            "Hub",
            [
                "ApprovalPage", "Attestation", "CommandSupport", "Conditions", "Depot", "Grants",
                "HubPages", "HubSettings", "HubStorage", "Linux", "Offers", "Posture",
                "Publishing", "Requests", "Signatures", "StrictJSON", "Transfer", "Transparency",
                crypto, system,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("openapi.json")]
        ),
        .executableTarget(
            name: "jitgate-hub",
            dependencies: ["Hub", argumentParser],
            swiftSettings: house
        ),

        // MARK: benchmarks
        // These are programs for scripts/benchmark that use the agent's own modules; see Benchmarks/.
        .target(
            name: "SignedGrants",
            dependencies: [crypto],
            path: "Benchmarks/Sources/SignedGrants",
            swiftSettings: house
        ),
        .executableTarget(
            name: "make-audit-log",
            dependencies: [
                "SignedGrants", "Auditing", "Grants", "Recording", "Signatures", "Transparency",
                crypto,
            ],
            path: "Benchmarks/Sources/make-audit-log",
            swiftSettings: house
        ),
        .executableTarget(
            name: "make-fleet",
            dependencies: [
                "Admission", "Attestation", "AgentSettings", "Grants", "Transparency",
            ],
            path: "Benchmarks/Sources/make-fleet",
            swiftSettings: house
        ),
        .executableTarget(
            name: "time-signatures",
            dependencies: ["Grants", "Signatures"],
            path: "Benchmarks/Sources/time-signatures",
            swiftSettings: house
        ),
        // Many hosts that ask one depot, by the cadence of jitgate-fetch.
        .target(
            name: "CFetchers",
            path: "Benchmarks/Sources/CFetchers",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        .executableTarget(
            name: "simulate-fetchers",
            dependencies: ["CFetchers", "Depot"],
            path: "Benchmarks/Sources/simulate-fetchers"
        ),

        // MARK: tests
        .target(name: "CTestSupport", path: "Tests/CTestSupport"),
        .target(name: "CFaults", path: "Tests/CFaults"),
        .target(
            name: "TestSupport",
            dependencies: ["Grants", "StrictJSON", "Recording", "CTestSupport", crypto, system],
            path: "Tests/TestSupport",
            swiftSettings: house
        ),
        tests("StrictJSONTests", ["StrictJSON"]),
        tests("StrictTOMLTests", ["StrictTOML", "StrictJSON"]),
        tests("GrantsTests", ["Grants", "TestSupport"]),
        tests("ConditionsTests", ["Conditions", "Grants", "StrictJSON"]),
        tests(
            "SignaturesTests",
            ["Signatures", "Admission", "Grants", "TestSupport", crypto, cryptoExtras]
        ),
        tests("AdmissionTests", ["Admission", "Grants", "Signatures", "TestSupport"]),
        tests("SchedulingTests", ["Scheduling", "Grants"]),
        tests("LifecycleTests", ["Lifecycle", "Scheduling", "Grants", "TestSupport"]),
        tests("TransparencyTests", ["Transparency", "TestSupport"]),
        tests(
            "AuditingTests",
            [
                "Auditing", "Grants", "Scheduling", "StrictJSON", "TestSupport", "Transparency",
                crypto,
            ]
        ),
        tests(
            "VerifyingTests",
            ["Verifying", "Auditing", "Grants", "TestSupport", "Transparency"]
        ),
        tests("ReportingTests", ["Reporting", "Auditing", "Grants", "TestSupport"]),
        tests("DepotTests", ["Depot", "Conditions", "Grants", "TestSupport"]),
        tests(
            "AttestationTests",
            [
                "Attestation", "Admission", "Conditions", "Grants", "StrictJSON", "TestSupport",
                "Transparency",
            ]
        ),
        tests("FetchSettingsTests", ["FetchSettings", "Depot"]),
        tests(
            "FetchingTests",
            [
                "Attestation", "Fetching", "FetchSettings", "Depot", "Grants", "Linux",
                "StrictJSON", "TestSupport", "Transfer", "Transparency",
            ]
        ),
        tests(
            "FleetCommandsTests",
            [
                "FleetCommands", "Admission", "Attestation", "Auditing", "Depot", "Grants",
                "Recording", "Signatures", "StrictJSON", "TestSupport", "Transparency",
                crypto,
            ]
        ),
        tests(
            "WorkloadIdentityTests",
            ["WorkloadIdentity", "Grants", "StrictJSON", crypto, cryptoExtras]
        ),
        tests("RobotTests", ["Robot", "Grants", "StrictJSON", "TestSupport"]),
        tests(
            "PostureTests",
            [
                "Posture", "Admission", "Attestation", "Conditions", "Depot", "Grants",
                "StrictJSON", "Transparency",
            ]
        ),
        tests(
            "RequestsTests",
            [
                "Requests", "Admission", "Attestation", "Depot", "Grants", "Posture", "Signatures",
                "StrictJSON", "TestSupport",
            ]
        ),
        tests("HubSettingsTests", ["FetchSettings", "Grants", "HubSettings"]),
        tests("HubStorageTests", ["HubStorage", "Grants", "TestSupport"]),
        tests(
            "HubPagesTests",
            ["HubPages", "Conditions", "Depot", "Grants", "Posture", "Requests", "StrictJSON"]
        ),
        tests(
            "HubTests",
            [
                "Hub", "Admission", "Attestation", "Depot", "FetchSettings", "Grants",
                "HubSettings", "HubStorage", "Posture", "Requests", "Signatures", "StrictJSON",
                "TestSupport", "Transparency",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        tests("ApprovalPageTests", ["ApprovalPage", "Signatures", crypto]),
        tests("LoopbackHTTPTests", ["LoopbackHTTP"]),
        tests(
            "AgentSettingsTests",
            [
                "AgentSettings", "Admission", "Grants", "Signatures", "StrictJSON", "StrictTOML",
                "TestSupport",
            ]
        ),
        tests("LinuxTests", ["Linux", "Auditing", "Grants", "StrictJSON", "TestSupport", system]),
        tests("NetfilterTests", ["Netfilter", "Netlink", "TestSupport"]),
        tests("ConnectionsTests", ["Connections", "Netlink", "Grants", "TestSupport"]),
        tests(
            "RecordingTests",
            [
                "Recording", "Auditing", "Grants", "Linux", "StrictJSON", "TestSupport",
                "Transparency",
            ]
        ),
        tests("EnforcementTests", ["Enforcement", "Netfilter", "Grants", "TestSupport"]),
        tests(
            "AgentTests",
            [
                "Admission", "Agent", "AgentInterface", "Auditing", "Conditions",
                "Connections", "Enforcement", "Grants", "Linux",
            ]
        ),
        tests("VarlinkTests", ["Varlink", "StrictJSON", "TestSupport"]),
        tests(
            "AgentInterfaceTests",
            [
                "AgentInterface", "Varlink", "Conditions", "StrictJSON", "Grants", "Admission",
                "Linux",
                "TestSupport", system,
            ]
        ),
        tests("DiagnosisTests", ["Diagnosis", "Conditions", "StrictJSON"]),
        tests(
            "CommandsTests",
            [
                "Commands", "CommandSupport", "Conditions", "Grants", "Signatures", "Admission",
                "Auditing",
                "Varlink",
                "AgentInterface", "Linux",
                "Recording", "StrictJSON", "TestSupport", "Transparency", system,
            ]
        ),
        tests(
            "KernelTests",
            [
                "Enforcement", "Netfilter", "Netlink", "RuleTrace", "Connections", "Grants",
                "TestSupport",
            ]
        ),
        tests(
            "EndToEndTests",
            [
                "Conditions", "StrictJSON", "Grants", "Signatures", "Auditing", "Recording",
                "Varlink",
                "AgentInterface",
                "Attestation", "Connections", "Linux", "TestSupport", "Transparency",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
