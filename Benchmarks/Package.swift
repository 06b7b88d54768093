// swift-tools-version: 6.3
// A package of its own, so that whoever builds jitgate never resolves what only this needs. It looks
// at the built binaries from outside: scripts/benchmark builds them and runs it.
import PackageDescription

let package = Package(
    name: "jitgate-benchmark",
    dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")],
    targets: [
        .target(name: "CBenchmark"),
        .executableTarget(
            name: "jitgate-benchmark",
            dependencies: ["CBenchmark", .product(name: "Crypto", package: "swift-crypto")]
        ),
    ],
    swiftLanguageModes: [.v6]
)
