import HubSettings
import NIOSSL

/// The files of TLS, read for the server.
enum TLSFiles {
    /// TLS 1.2 and later with the certificate of the hub; clients may have certificates of theirs.
    static func configuration(
        _ files: HubConfiguration.TLSFiles,
        of hub: HubConfiguration
    ) throws(HubFailure) -> TLSConfiguration {
        let clients =
            try authorities(hub.proxy.authorities) + authorities(hub.hosts.authorities)
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            if !clients.isEmpty {
                configuration.certificateVerification = .optionalVerification
                configuration.trustRoots = .certificates(clients)
                configuration.sendCANameList = true
            }
            // A key that is not the certificate's shows here, not with the first client.
            _ = try NIOSSLContext(configuration: configuration)
            return configuration
        } catch {
            throw HubFailure(
                .configuration,
                "\(files.certificate) and \(files.key) cannot be used: \(error)"
            )
        }
    }

    /// The certificates of authorities in a file of PEM; none without a file.
    static func authorities(_ file: String?) throws(HubFailure) -> [NIOSSLCertificate] {
        guard let file else { return [] }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw HubFailure(.configuration, "\(file) cannot be used: \(error)")
        }
        throw HubFailure(.configuration, "\(file) has no certificate")
    }
}
