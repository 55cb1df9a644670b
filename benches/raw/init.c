/* The least that can be called a boot of pyro's guest: loads the same modules, mounts the same root,
 * opens the same channel, and writes one byte. Then,
 * for the throughput, it sends or takes as many bytes as it is told, again and again.
 * Built statically by the bench and packed in the agent's place. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

/* A count with this bit is of bytes that the guest is to take; it answers when it has them. */
#define TAKE (1ull << 63)

static void require(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		sync();
		_exit(1); /* the kernel panics, and the bench sees the VMM end */
	}
}

static void load(const char *list)
{
	char name[256], path[512];
	FILE *names = fopen(list, "r");
	require(names ? 0 : -1, list);
	while (fscanf(names, "%255s", name) == 1) {
		snprintf(path, sizeof path, "/modules/%s", name);
		int module = open(path, O_RDONLY | O_CLOEXEC);
		require(module, path);
		syscall(SYS_finit_module, module, "", 0);
		close(module);
	}
	fclose(names);
}

/* The device of the port that the host calls pyro.agent. */
static int open_port(void)
{
	char path[512], name[64];
	for (int tries = 0; tries < 10000; tries++) {
		DIR *ports = opendir("/sys/class/virtio-ports");
		struct dirent *port;
		while (ports && (port = readdir(ports))) {
			snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", port->d_name);
			FILE *file = fopen(path, "r");
			int found = file && fscanf(file, "%63s", name) == 1 && !strcmp(name, "pyro.agent");
			if (file)
				fclose(file);
			if (found) {
				snprintf(path, sizeof path, "/dev/%s", port->d_name);
				closedir(ports);
				return open(path, O_RDWR | O_CLOEXEC);
			}
		}
		if (ports)
			closedir(ports);
		usleep(1000);
	}
	return -1;
}

/* The virtio socket: the host listens on the port of pyro-proto's VSOCK_PORT. */
static int call_host(void)
{
	struct sockaddr_vm host = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_HOST,
		.svm_port = 1024,
	};
	int call = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(call, "socket");
	require(connect(call, (struct sockaddr *)&host, sizeof host), "connect");
	return call;
}

static void mount_root(void)
{
	mkdir("/lower", 0755);
	mkdir("/disk", 0755);
	require(mount("/dev/vda", "/lower", "erofs", MS_RDONLY, NULL), "image");
	require(mount("/dev/vdb", "/disk", "ext4", MS_NOATIME, "discard"), "disk");
	mkdir("/disk/upper", 0755);
	mkdir("/disk/work", 0755);
	require(mount("overlay", "/newroot", "overlay", 0,
		      "lowerdir=/lower,upperdir=/disk/upper,workdir=/disk/work"), "root");
}

/* What the agent starts for `pyro run … -- true`: the program takes the shell's place. */
static void run_command(void)
{
	int status;
	pid_t child = fork();
	require(child, "fork");
	if (child == 0) {
		require(chroot("/newroot"), "chroot");
		require(chdir("/"), "chdir");
		execl("/bin/sh", "/bin/sh", "-lc", "exec true", NULL);
		_exit(127);
	}
	require(waitpid(child, &status, 0), "wait");
	require(status == 0 ? 0 : -1, "command");
}

/* Sends as many bytes as the host asks for, or takes as many as it has. */
static void move_bytes(int channel, unsigned long long count)
{
	static char chunk[64 << 10];
	int take = (count & TAKE) != 0;
	for (unsigned long long left = count & ~TAKE; left > 0;) {
		size_t most = left < sizeof chunk ? left : sizeof chunk;
		ssize_t moved = take ? read(channel, chunk, most) : write(channel, chunk, most);
		require(moved, take ? "read" : "write");
		left -= moved;
	}
	if (take)
		require(write(channel, "!", 1), "write");
}

int main(int argc, char **argv)
{
	unsigned long long left;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	/* The kernel puts words of the form name=value that it does not know into the environment,
	 * but not those with a dot, which are modules': the whole line has them. */
	char line[4096] = "";
	FILE *words = fopen("/proc/cmdline", "r");
	require(words && fgets(line, sizeof line, words) ? 0 : -1, "cmdline");
	fclose(words);
	int calls = strstr(line, "pyro.channel=vsock") != NULL;
	load(calls ? "/modules/vsock" : "/modules/serial");
	int channel = calls ? call_host() : open_port();
	require(channel, "channel");
	load("/modules/storage");
	mount_root();
	/* The kernel hands words that it does not know to its first process. */
	for (int word = 1; word < argc; word++)
		if (!strcmp(argv[word], "with-a-command")) {
			require(mount("/dev", "/newroot/dev", NULL, MS_MOVE, NULL), "dev");
			require(mount("/proc", "/newroot/proc", NULL, MS_MOVE, NULL), "proc");
			run_command();
		}
	require(write(channel, "!", 1), "write");
	/* a host that closes the channel has no further question */
	while (read(channel, &left, sizeof left) == sizeof left)
		move_bytes(channel, left);
	pause();
}
