// swift-tools-version: 6.3
// A package of its own, so that whoever builds jitgate never resolves what only this needs. It looks
// at the built binaries from outside: scripts/benchmark builds them and runs it.
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
        // make-audit-log is a target of the package above: it writes by the agent's own modules.
    ],
    swiftLanguageModes: [.v6]
)
