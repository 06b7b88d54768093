import HubSettings
import NIOSSL

/// The files of TLS, read for the server.
enum TLSFiles {
    /// TLS 1.2 and later with the certificate of the hub.
    static func configuration(
        _ files: HubConfiguration.TLSFiles
    ) throws(HubFailure) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            guard !chain.isEmpty else {
                throw HubFailure(.configuration, "\(files.certificate) has no certificate")
            }
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch let failure as HubFailure {
            throw failure
        } catch {
            throw HubFailure(
                .configuration,
                "\(files.certificate) and \(files.key) cannot be used: \(error)"
            )
        }
    }
}
