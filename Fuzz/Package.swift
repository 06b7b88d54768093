// swift-tools-version: 6.3
// Fuzzers of every parser of bytes from outside. The modules are the product's own, by links: what
// is `package` there is visible here. scripts/fuzz builds with -sanitize=fuzzer,address.
import PackageDescription

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

let package = Package(
    name: "jitgate-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        module("StrictJSON"),
        module("StrictTOML", ["StrictJSON"]),
        module("Grants", ["StrictJSON"]),
        module("Signatures", ["StrictJSON", "Grants", crypto, cryptoExtras]),
        module("Admission", ["Grants", "Signatures"]),
        module("Scheduling", ["Grants"]),
        module("Transparency", ["Grants", crypto]),
        module("Auditing", ["Grants", "Scheduling", "Transparency", "StrictJSON", crypto]),
        module("AgentSettings", ["StrictJSON", "StrictTOML", "Grants", "Admission"]),
        module(
            "Verifying",
            [
                "StrictJSON", "Grants", "Signatures", "Admission", "Transparency", "Auditing",
                "AgentSettings",
            ]
        ),
        .target(
            name: "ApprovalPage",
            dependencies: ["StrictJSON", "Grants", "Signatures"],
            resources: [.embedInCode("approval.html")],
            swiftSettings: house
        ),
        module("AzureImport", ["StrictJSON", "StrictTOML", "Grants"]),
        .systemLibrary(name: "CNetfilter", pkgConfig: "libnftnl"),
        .target(name: "CLinux"),
        module("Linux", ["CLinux", "Grants", system]),
        module("Netlink", ["CNetfilter", system]),
        module("Netfilter", ["CNetfilter", "Netlink", system]),
        module("RuleTrace", ["CNetfilter", "Netfilter", "Netlink", system]),
        module("Connections", ["CNetfilter", "Netlink", "Grants", system]),
        module("Varlink", ["StrictJSON", "Linux", system]),
        module("Conditions", ["Grants", "StrictJSON"]),
        module(
            "AgentInterface",
            ["Varlink", "StrictJSON", "Conditions", "Grants", "Admission", system]
        ),
        module("Depot", ["Grants", "StrictJSON", "Conditions"]),
        module("Attestation", ["StrictJSON", "Grants", "Conditions", "Admission", "Transparency"]),
        module(
            "Posture",
            ["Admission", "Attestation", "Conditions", "Depot", "Grants", "Transparency"]
        ),
        module("Offers", ["Admission", "Depot", "Grants", "Signatures"]),
        module(
            "Requests",
            [
                "Admission", "Attestation", "Depot", "Grants", "Offers", "Posture", "Signatures",
                "StrictJSON",
            ]
        ),
        module("FetchSettings", ["Depot", "Grants", "StrictTOML"]),
        module("LoopbackHTTP", ["CLinux", "Linux", system]),
        .target(name: "CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CFuzzer", "StrictJSON", "Grants", "Signatures", "Admission", "Transparency",
                "Auditing", "AgentSettings", "Varlink", "AgentInterface", "Linux", "Netlink",
                "Netfilter",
                "RuleTrace", "Connections", "Verifying", "AzureImport", "ApprovalPage",
                "LoopbackHTTP", "Conditions", "Depot", "FetchSettings", "Attestation",
                "Requests", crypto,
            ],
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
