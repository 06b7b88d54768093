import Grants
import Linux

/// A service that administers a host, known by its usual port or by the program that listens.
enum ManagementService {
    /// The ports that Azure recommends for just-in-time access (22, 3389, 5985, 5986), and others
    /// that give control of a whole host.
    static let ports: [(port: UInt16, transport: Transport, what: String)] = [
        (22, .tcp, "SSH"), (23, .tcp, "Telnet"), (2375, .tcp, "the Docker API"),
        (2376, .tcp, "the Docker API"), (3389, .tcp, "RDP"), (3389, .udp, "RDP"),
        (5900, .tcp, "VNC"), (5901, .tcp, "VNC"), (5985, .tcp, "WinRM"), (5986, .tcp, "WinRM"),
        (6443, .tcp, "the Kubernetes API"), (8006, .tcp, "Proxmox VE"), (9090, .tcp, "Cockpit"),
        (10_000, .tcp, "Webmin"), (10_250, .tcp, "the kubelet API"), (16_509, .tcp, "libvirt"),
    ]

    /// Programs that let people in, on whatever port.
    private static let programs: [(what: String, names: [String])] = [
        (
            "SSH",
            [
                "sshd", "dropbear", "dropbearmulti", "tinysshd", "teleport", "gitlab-sshd",
                "sftpgo", "soft", "wolfsshd", "lsh", "lshd", "in.sshd", "etserver",
            ]
        ),
        (
            "RDP",
            [
                "xrdp", "gnome-remote-desktop-daemon", "krdpserver", "freerdp-shadow-cli",
                "freerdp-shadow-cli3", "weston", "ogon-rdp-server", "rustdesk",
            ]
        ),
        (
            "VNC",
            [
                "Xvnc", "Xtigervnc", "Xtightvnc", "x0vncserver", "x0tigervncserver", "x11vnc",
                "wayvnc", "vino-server", "krfb", "vncserver-x11-core", "websockify", "novnc_proxy",
            ]
        ),
        ("Telnet", ["telnetd", "in.telnetd", "utelnetd"]),
        ("a shell", ["ttyd", "gotty", "shellinaboxd", "wetty", "rlogind", "in.rlogind", "rshd"]),
        ("the Docker API", ["dockerd"]), ("Cockpit", ["cockpit-tls", "cockpit-ws"]),
        ("Webmin", ["miniserv.pl"]), ("NX", ["nxserver.bin", "nxd"]),
    ]

    /// Programs that hold sockets for others, which they start when somebody comes.
    private static let managers = ["systemd", "systemd-socket-activate", "inetd", "xinetd"]

    /// The service that usually listens at a port.
    static func usual(at port: Port) -> String? {
        ports.first { $0.port == port.number && $0.transport == port.transport }?.what
    }

    /// The service that one of these processes provides.
    static func known(_ holders: [SocketHolder]) -> String? {
        programs.first { $0.names.contains { name in holders.contains { $0.isCalled(name) } } }?
            .what
    }

    /// The program that holds a socket for one which no process of these is.
    static func manager(_ holders: [SocketHolder]) -> String? {
        let isManager = { (holder: SocketHolder) in managers.contains { holder.isCalled($0) } }
        guard let first = holders.first, holders.allSatisfy(isManager) else { return nil }
        return first.name
    }
}
