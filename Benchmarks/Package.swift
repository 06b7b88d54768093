// swift-tools-version: 6.3
// A package of its own, so that building jitgate does not resolve the benchmarks' dependencies. It
// measures the built programs from outside; scripts/benchmark builds and runs it.
import PackageDescription

let package = Package(
    name: "jitgate-benchmark",
    dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")],
    targets: [
        .target(name: "CBenchmark"),
        .target(
            name: "SignedGrants",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")]
        ),
        .executableTarget(
            name: "jitgate-benchmark",
            dependencies: [
                "CBenchmark", "SignedGrants", .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        // make-audit-log, make-fleet and time-signatures are targets of the package above: they use the agent's own modules.
    ],
    swiftLanguageModes: [.v6]
)
